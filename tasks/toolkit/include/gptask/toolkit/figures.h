// Pictures of what a model does, as SVG files that need nothing else.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace gptask {

/// How much each token looks at those before it, in one head.
struct AttentionMap {
  std::string title;               ///< "head 3"
  std::span<const float> weights;  ///< [tokens, tokens], a row a looking token
};

/// One map, with the tokens along both sides where they are few; several as a grid.
std::string attention_figure(const std::string& title, const std::vector<std::string>& tokens,
                             std::span<const AttentionMap> maps);

/// Bars of probabilities, in the order given.
std::string distribution_figure(const std::string& title,
                                const std::vector<std::pair<std::string, double>>& probabilities);

/// A token's text as a picture shows it: spaces and line ends can be seen.
std::string token_label(const std::string& text);

}  // namespace gptask

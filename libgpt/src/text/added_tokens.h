// Finds added tokens (special ones and the user's) in a text.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "text/spec.h"

namespace gpt::text {

/// A stretch of a text: an added token, or what lies between.
struct TextPart {
  std::size_t begin = 0, end = 0;
  std::optional<std::int32_t> token;
};

/// Immutable. Of the tokens that begin at the first place where one does, the longest wins (Aho-Corasick's
/// leftmost-longest, as in the tokenizers library).
class AddedTokenFinder {
 public:
  AddedTokenFinder() = default;
  /// Contents must not be empty and are kept as given (normalize before, where wanted).
  explicit AddedTokenFinder(const std::vector<AddedToken>& tokens);

  bool empty() const { return tokens_.empty(); }
  /// Parts in order; `parts` is cleared first. Without `special`, special tokens are text like any other.
  void split(std::string_view text, bool special, std::vector<TextPart>& parts) const;

 private:
  struct Match {
    std::size_t begin = 0, end = 0;
    const AddedToken* token = nullptr;
  };
  std::size_t next_candidate(std::string_view text, std::size_t from) const;
  Match find(std::string_view text, std::size_t from) const;

  /// The longest token that the text holds at a place; null if none.
  const AddedToken* longest_at(std::string_view text, std::size_t at) const;

  std::vector<AddedToken> tokens_;  ///< ordered by content
  std::array<bool, 256> begins_{};
  std::optional<char> only_first_byte_;  ///< all tokens begin with it: memchr finds candidates
};

}  // namespace gpt::text

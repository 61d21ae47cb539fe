// Stage 3: a word -> tokens. A model is immutable; the cache in front of it belongs to the pipeline.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace gpt::text {

/// A token of a word and how many of the word's bytes it stands for.
struct WordToken {
  std::int32_t id;
  std::uint32_t size;
};

class Model {
 public:
  virtual ~Model() = default;
  /// Replaces `tokens`. The word is not empty.
  virtual void encode(std::string_view word, std::vector<WordToken>& tokens) const = 0;
  /// The end of a part of the word that begins at `begin` and may be encoded by itself: no token crosses it. Short
  /// parts are found again in the cache.
  virtual std::size_t part_end(std::string_view word, std::size_t begin) const = 0;
};

}  // namespace gpt::text

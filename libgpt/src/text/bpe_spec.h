// Builds a BpeSpec entry by entry with the checks that all file formats need.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/spec.h"
#include "text/token_index.h"

namespace gpt::text {

/// Ids may have holes, but tables are indexed by them: this many more than there are tokens is the end.
bool is_id_in_reach(std::int64_t id, std::size_t tokens);

/// Many short texts in one block of memory.
class TextList {
 public:
  void add(std::string_view text) {
    text_ += text;
    ends_.push_back(text_.size());
  }
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }

 private:
  std::string text_;
  std::vector<std::size_t> ends_;
};

/// First all tokens, then all merges.
class BpeSpecBuilder {
 public:
  /// `source` opens every message.
  explicit BpeSpecBuilder(std::string source) : source_(std::move(source)) {}

  void add_token(std::string_view token, std::int32_t id);
  /// After the last token. Error malformed for a token or an id given twice, and for an id far beyond the number of
  /// tokens.
  void finish_tokens();
  std::optional<std::int32_t> find(std::string_view token) const { return index_.find(token); }
  /// Where the merges come from, where it is another file.
  void set_source(std::string source) { source_ = std::move(source); }

  /// Error malformed if one of the three tokens is not in the vocabulary.
  void add_merge(std::string_view left, std::string_view right);
  /// The same for "left right", as merges.txt and GGUF write it.
  void add_merge(std::string_view line);

  BpeSpec take() { return std::move(spec_); }

 private:
  std::int32_t require(std::string_view token, std::string_view left, std::string_view right) const;

  std::string source_;
  TextList names_;  ///< tokens until they are finished, and their ids
  std::vector<std::int32_t> ids_;
  BpeSpec spec_;
  TokenIndex index_;
};

}  // namespace gpt::text

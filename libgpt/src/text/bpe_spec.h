// Builds a BpeSpec entry by entry with the checks that all file formats need.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "text/spec.h"

namespace gpt::text {

class BpeSpecBuilder {
 public:
  /// `source` opens every message.
  explicit BpeSpecBuilder(std::string source) : source_(std::move(source)) {}

  /// Error malformed for a token or an id given twice.
  void add_token(const std::string& token, std::int32_t id);
  /// Error malformed if one of the three tokens is not in the vocabulary. After all tokens.
  void add_merge(const std::string& left, const std::string& right);
  /// The same for "left right", as merges.txt and GGUF write it.
  void add_merge(std::string_view line);

  std::optional<std::int32_t> find(const std::string& token) const;
  BpeSpec take() { return std::move(spec_); }
  BpeSpec& spec() { return spec_; }

 private:
  std::int32_t require(const std::string& token, const std::string& left, const std::string& right) const;

  std::string source_;
  BpeSpec spec_;
  std::unordered_map<std::string, std::int32_t> ids_;
};

}  // namespace gpt::text

#include "text/bpe_spec.h"

#include "gpt/core/error.h"

namespace gpt::text {

void BpeSpecBuilder::add_token(const std::string& token, std::int32_t id) {
  const auto at = static_cast<std::size_t>(id);
  if (at >= spec_.tokens.size()) spec_.tokens.resize(at + 1);
  if (!spec_.tokens[at].empty()) {
    fail(ErrorCode::malformed, "{}: id {} belongs to two tokens, '{}' and '{}'", source_, id, spec_.tokens[at], token);
  }
  if (const auto [known, added] = ids_.emplace(token, id); !added) {
    fail(ErrorCode::malformed, "{}: token '{}' has two ids, {} and {}", source_, token, known->second, id);
  }
  spec_.tokens[at] = token;
}

std::optional<std::int32_t> BpeSpecBuilder::find(const std::string& token) const {
  const auto found = ids_.find(token);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::int32_t BpeSpecBuilder::require(const std::string& token, const std::string& left,
                                     const std::string& right) const {
  if (const auto id = find(token)) return *id;
  fail(ErrorCode::malformed,
       "{}: merge {} ('{}' with '{}') needs the token '{}', which the vocabulary lacks; are vocabulary and merges of "
       "the same tokenizer?",
       source_, spec_.merges.size(), left, right, token);
}

void BpeSpecBuilder::add_merge(const std::string& left, const std::string& right) {
  const std::int32_t left_id = require(left, left, right);
  const std::int32_t right_id = require(right, left, right);
  const std::int32_t merged_id = require(left + right, left, right);
  spec_.merges.emplace_back(left_id, right_id);
  spec_.merged.push_back(merged_id);
}

void BpeSpecBuilder::add_merge(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
    fail(ErrorCode::malformed, "{}: merge {} is '{}', but two tokens with one space between them are expected", source_,
         spec_.merges.size(), line.substr(0, 60));
  }
  add_merge(std::string(line.substr(0, space)), std::string(line.substr(space + 1)));
}

}  // namespace gpt::text

#include "text/bpe_spec.h"

#include <algorithm>

#include "gpt/core/error.h"

namespace gpt::text {

bool is_id_in_reach(std::int64_t id, std::size_t tokens) {
  constexpr std::size_t kMostHoles = 1 << 12;
  return id >= 0 && id < kMaxVocabulary && static_cast<std::size_t>(id) < 2 * tokens + kMostHoles;
}

void BpeSpecBuilder::add_token(std::string_view token, std::int32_t id) {
  names_.add(token);
  ids_.push_back(id);
}

void BpeSpecBuilder::finish_tokens() {
  std::size_t size = 0;
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    if (!is_id_in_reach(ids_[i], ids_.size())) {
      fail(ErrorCode::malformed,
           "{}: '{}' has the id {}, but there are only {} tokens; ids may leave holes, but not so many", source_,
           names_[i], ids_[i], ids_.size());
    }
    size = std::max(size, static_cast<std::size_t>(ids_[i]) + 1);
  }
  spec_.tokens.resize(size);
  index_ = TokenIndex(spec_.tokens, ids_.size());
  std::vector<bool> used(size);
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    std::string& token = spec_.tokens[static_cast<std::size_t>(ids_[i])];
    const auto is_used = used[static_cast<std::size_t>(ids_[i])];
    if (is_used && token != names_[i]) {
      fail(ErrorCode::malformed, "{}: id {} belongs to two tokens, '{}' and '{}'", source_, ids_[i], token, names_[i]);
    }
    if (is_used) fail(ErrorCode::malformed, "{}: token '{}' is given twice", source_, token);
    used[static_cast<std::size_t>(ids_[i])] = true;
    if (names_[i].empty()) continue;
    token = names_[i];
    if (const auto known = index_.add(ids_[i])) {
      fail(ErrorCode::malformed, "{}: token '{}' has two ids, {} and {}", source_, token, *known, ids_[i]);
    }
  }
  names_ = {};
  ids_ = {};
}

std::int32_t BpeSpecBuilder::require(std::string_view token, std::string_view left, std::string_view right) const {
  if (const auto id = find(token)) return *id;
  fail(ErrorCode::malformed,
       "{}: merge {} ('{}' with '{}') needs the token '{}', which the vocabulary lacks; are vocabulary and merges of "
       "the same tokenizer?",
       source_, spec_.merges.size(), left, right, token);
}

void BpeSpecBuilder::add_merge(std::string_view left, std::string_view right) {
  const std::int32_t left_id = require(left, left, right);
  const std::int32_t right_id = require(right, left, right);
  std::string both(left);
  both += right;
  const std::int32_t merged_id = require(both, left, right);
  spec_.merges.emplace_back(left_id, right_id);
  spec_.merged.push_back(merged_id);
}

void BpeSpecBuilder::add_merge(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
    fail(ErrorCode::malformed, "{}: merge {} is '{}', but two tokens with one space between them are expected", source_,
         spec_.merges.size(), line.substr(0, 60));
  }
  add_merge(line.substr(0, space), line.substr(space + 1));
}

}  // namespace gpt::text

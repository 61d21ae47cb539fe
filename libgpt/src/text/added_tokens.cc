#include "text/added_tokens.h"

#include <algorithm>
#include <cstring>

#include "text/unicode.h"

namespace gpt::text {

namespace {

/// The beginning of the character that ends before `end`.
std::size_t previous_char(std::string_view text, std::size_t end) {
  std::size_t at = end - 1;
  while (is_continuation(text[at])) --at;
  return at;
}

bool word_touches(std::string_view text, std::size_t begin, std::size_t end) {
  const bool before = begin > 0 && is_word(decode_utf8(text.data() + previous_char(text, begin)));
  const bool after = end < text.size() && is_word(decode_utf8(text.data() + end));
  return before || after;
}

std::size_t skip_space_before(std::string_view text, std::size_t begin) {
  while (begin > 0) {
    const std::size_t at = previous_char(text, begin);
    if (!is_white_space(decode_utf8(text.data() + at))) break;
    begin = at;
  }
  return begin;
}

std::size_t skip_space_after(std::string_view text, std::size_t end) {
  while (end < text.size() && is_white_space(decode_utf8(text.data() + end))) end += utf8_size(text[end]);
  return end;
}

}  // namespace

AddedTokenFinder::AddedTokenFinder(const std::vector<AddedToken>& tokens) : tokens_(tokens), nodes_(1) {
  for (std::size_t i = 0; i < tokens_.size(); ++i) insert(tokens_[i].content, static_cast<int>(i));
  if (std::count(begins_.begin(), begins_.end(), true) == 1) only_first_byte_ = tokens_.front().content.front();
}

void AddedTokenFinder::insert(std::string_view content, int token) {
  begins_[static_cast<unsigned char>(content.front())] = true;
  std::size_t node = 0;
  for (const char byte : content) {
    const auto& next = nodes_[node].next;
    const auto found = std::find_if(next.begin(), next.end(), [byte](const auto& edge) { return edge.first == byte; });
    if (found != next.end()) {
      node = static_cast<std::size_t>(found->second);
      continue;
    }
    nodes_[node].next.emplace_back(byte, static_cast<int>(nodes_.size()));
    node = nodes_.size();
    nodes_.emplace_back();
  }
  if (nodes_[node].token < 0) nodes_[node].token = token;
}

std::size_t AddedTokenFinder::next_candidate(std::string_view text, std::size_t from) const {
  if (only_first_byte_) return std::min(text.find(*only_first_byte_, from), text.size());
  while (from < text.size() && !begins_[static_cast<unsigned char>(text[from])]) ++from;
  return from;
}

AddedTokenFinder::Match AddedTokenFinder::find(std::string_view text, std::size_t from) const {
  for (from = next_candidate(text, from); from < text.size(); from = next_candidate(text, from + 1)) {
    Match match;
    std::size_t node = 0;
    for (std::size_t i = from; i < text.size(); ++i) {
      const auto& next = nodes_[node].next;
      const auto found =
          std::find_if(next.begin(), next.end(), [byte = text[i]](const auto& edge) { return edge.first == byte; });
      if (found == next.end()) break;
      node = static_cast<std::size_t>(found->second);
      if (nodes_[node].token >= 0) match = {from, i + 1, &tokens_[static_cast<std::size_t>(nodes_[node].token)]};
    }
    if (match.token != nullptr) return match;
  }
  return {};
}

void AddedTokenFinder::split(std::string_view text, std::vector<TextPart>& parts) const {
  parts.clear();
  std::size_t done = 0, from = 0;
  while (!tokens_.empty()) {
    const Match match = find(text, from);
    if (match.token == nullptr) break;
    from = match.end;
    std::size_t begin = match.begin, end = match.end;
    if (match.token->single_word && word_touches(text, begin, end)) continue;
    if (match.token->lstrip) begin = std::max(skip_space_before(text, begin), done);
    if (match.token->rstrip) end = skip_space_after(text, end);
    if (done < begin) parts.push_back({done, begin, std::nullopt});
    parts.push_back({begin, end, match.token->id});
    done = end;
  }
  if (done < text.size()) parts.push_back({done, text.size(), std::nullopt});
}

}  // namespace gpt::text

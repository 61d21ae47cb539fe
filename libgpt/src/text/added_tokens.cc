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

AddedTokenFinder::AddedTokenFinder(const std::vector<AddedToken>& tokens) : tokens_(tokens) {
  std::stable_sort(tokens_.begin(), tokens_.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.content < b.content; });
  for (const AddedToken& token : tokens_) begins_[static_cast<unsigned char>(token.content.front())] = true;
  if (std::count(begins_.begin(), begins_.end(), true) == 1) only_first_byte_ = tokens_.front().content.front();
}

std::size_t AddedTokenFinder::next_candidate(std::string_view text, std::size_t from) const {
  if (only_first_byte_) return std::min(text.find(*only_first_byte_, from), text.size());
  while (from < text.size() && !begins_[static_cast<unsigned char>(text[from])]) ++from;
  return from;
}

const AddedToken* AddedTokenFinder::longest_at(std::string_view text, std::size_t at) const {
  const AddedToken* longest = nullptr;
  auto begin = tokens_.begin(), end = tokens_.end();  // those that begin with text[at, at + size)
  for (std::size_t size = 0; begin != end; ++size) {
    if (begin->content.size() == size) {
      longest = &*begin;  // of equal ones the first
      begin = std::find_if(begin, end, [size](const AddedToken& token) { return token.content.size() > size; });
    }
    if (at + size == text.size()) break;
    const auto byte = [size](const AddedToken& token) { return static_cast<unsigned char>(token.content[size]); };
    const auto wanted = static_cast<unsigned char>(text[at + size]);
    begin = std::partition_point(begin, end, [&](const AddedToken& token) { return byte(token) < wanted; });
    end = std::partition_point(begin, end, [&](const AddedToken& token) { return byte(token) == wanted; });
  }
  return longest;
}

AddedTokenFinder::Match AddedTokenFinder::find(std::string_view text, std::size_t from) const {
  for (from = next_candidate(text, from); from < text.size(); from = next_candidate(text, from + 1)) {
    const AddedToken* token = longest_at(text, from);
    if (token != nullptr) return {from, from + token->content.size(), token};
  }
  return {};
}

void AddedTokenFinder::split(std::string_view text, bool special, std::vector<TextPart>& parts) const {
  parts.clear();
  std::size_t done = 0, from = 0;
  while (!tokens_.empty()) {
    const Match match = find(text, from);
    if (match.token == nullptr) break;
    from = match.end;
    std::size_t begin = match.begin, end = match.end;
    if (match.token->special && !special) continue;
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

#include "text/bpe.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "text/byte_alphabet.h"
#include "text/unicode.h"

namespace gpt::text {

namespace {

constexpr std::size_t kShortWord = 48;
constexpr std::string_view kSpace = "\u2581";  // what SentencePiece writes for a space

/// The byte that a token like <0x0A> stands for.
std::optional<unsigned char> fallback_byte(std::string_view token) {
  if (token.size() != 6 || token.substr(0, 3) != "<0x" || token[5] != '>') return std::nullopt;
  unsigned value = 0;
  for (const char c : token.substr(3, 2)) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c >= 'A' && c <= 'F')) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(digit ? c - '0' : c - 'A' + 10);
  }
  return static_cast<unsigned char>(value);
}

}  // namespace

Bpe::Bpe(const BpeSpec& spec, bool byte_level)
    : byte_level_(byte_level), merges_(spec.merges.size()), unknown_(spec.unknown), fuse_unknown_(spec.fuse_unknown) {
  byte_ids_.fill(-1);
  fallback_ids_.fill(-1);
  if (byte_level_) {
    add_bytes(spec);
  } else {
    add_characters(spec);
  }
  for (std::size_t rank = 0; rank < spec.merges.size(); ++rank) {
    const auto [left, right] = spec.merges[rank];
    const auto id = static_cast<std::uint32_t>(spec.merged[rank]);
    merges_.insert(left, right, (static_cast<Merge>(rank) << 32) | id);
  }
}

void Bpe::add_bytes(const BpeSpec& spec) {
  for (std::size_t id = 0; id < spec.tokens.size(); ++id) {
    const auto bytes = from_byte_alphabet(spec.tokens[id]);
    if (!bytes || bytes->empty()) continue;
    if (bytes->size() == 1) byte_ids_[static_cast<unsigned char>(bytes->front())] = static_cast<std::int32_t>(id);
    if (spec.ignore_merges) words_.emplace(*bytes, static_cast<std::int32_t>(id));
  }
}

void Bpe::add_characters(const BpeSpec& spec) {
  for (std::size_t i = 0; i < spec.tokens.size(); ++i) {
    const std::string& token = spec.tokens[i];
    if (token.empty()) continue;
    const auto id = static_cast<std::int32_t>(i);
    if (token.size() == utf8_size(token.front())) {
      const char32_t c = decode_utf8(token.data());
      if (c >= characters_.size()) characters_.resize(c + 1, -1);
      characters_[c] = id;
    }
    if (spec.ignore_merges) words_.emplace(token, id);
  }
  if (spec.byte_fallback) add_fallback(spec);
  find_word_starts(spec);
}

void Bpe::add_fallback(const BpeSpec& spec) {
  for (std::size_t id = 0; id < spec.tokens.size(); ++id) {
    if (const auto byte = fallback_byte(spec.tokens[id])) fallback_ids_[*byte] = static_cast<std::int32_t>(id);
  }
}

/// A merge makes a token whose text is that of its parts, so that no merge crosses two neighbours which no token has
/// side by side. That holds for all but the tokens of bytes and the unknown one, whose text is not what they stand for.
void Bpe::find_word_starts(const BpeSpec& spec) {
  const bool all_bytes = std::find(fallback_ids_.begin(), fallback_ids_.end(), -1) == fallback_ids_.end();
  const bool nothing_dropped = unknown_ || all_bytes;
  if (spec.ignore_merges || !nothing_dropped || character_id(kSpace.data()) < 0) return;
  std::unordered_set<std::int32_t> odd(fallback_ids_.begin(), fallback_ids_.end());
  if (unknown_) odd.insert(*unknown_);
  for (const auto& [left, right] : spec.merges) {
    if (odd.count(left) + odd.count(right) > 0) return;
  }
  before_space_.emplace();
  for (const std::string& token : spec.tokens) {
    for (std::size_t at = token.find(kSpace, 1); at != std::string::npos; at = token.find(kSpace, at + 1)) {
      std::size_t before = at - 1;
      while (is_continuation(token[before])) --before;
      before_space_->insert(decode_utf8(token.data() + before));
    }
  }
}

std::size_t Bpe::part_end(std::string_view word, std::size_t begin) const {
  if (!before_space_) return word.size();
  for (std::size_t at = word.find(kSpace, begin + 1); at != std::string_view::npos; at = word.find(kSpace, at + 1)) {
    std::size_t before = at - 1;
    while (is_continuation(word[before])) --before;
    if (before_space_->count(decode_utf8(word.data() + before)) == 0) return at;
  }
  return word.size();
}

void Bpe::encode(std::string_view word, std::vector<WordToken>& tokens) const {
  tokens.clear();
  if (!words_.empty()) {
    const auto whole = words_.find(std::string(word));
    if (whole != words_.end()) {
      tokens.push_back({whole->second, static_cast<std::uint32_t>(word.size())});
      return;
    }
  }
  if (byte_level_) {
    single_bytes(word, tokens);
  } else {
    single_characters(word, tokens);
  }
  if (tokens.size() <= kShortWord) {
    merge_short(tokens);
  } else {
    merge_long(tokens);
  }
}

std::int32_t Bpe::character_id(const char* character) const {
  const char32_t c = decode_utf8(character);
  return c < characters_.size() ? characters_[c] : -1;
}

bool Bpe::fall_back(std::string_view character, std::vector<WordToken>& tokens) const {
  const auto id = [this](char byte) { return fallback_ids_[static_cast<unsigned char>(byte)]; };
  if (std::any_of(character.begin(), character.end(), [&](char byte) { return id(byte) < 0; })) return false;
  for (const char byte : character) tokens.push_back({id(byte), 1});
  return true;
}

/// An unknown character is held back until a known one or the end comes, as in the tokenizers library: tokens of bytes
/// may overtake it.
void Bpe::single_characters(std::string_view word, std::vector<WordToken>& tokens) const {
  std::uint32_t unknown_size = 0;
  const auto flush = [&] {
    if (unknown_size > 0) tokens.push_back({*unknown_, unknown_size});
    unknown_size = 0;
  };
  for (std::size_t i = 0; i < word.size();) {
    const std::uint8_t size = utf8_size(word[i]);
    const std::int32_t known = character_id(word.data() + i);
    if (known >= 0) {
      flush();
      tokens.push_back({known, size});
    } else if (!fall_back(word.substr(i, size), tokens) && unknown_) {
      if (!fuse_unknown_) flush();
      unknown_size += size;
    }
    i += size;
  }
  flush();
}

void Bpe::single_bytes(std::string_view word, std::vector<WordToken>& tokens) const {
  bool after_unknown = false;
  for (const char byte : word) {
    const std::int32_t id = byte_ids_[static_cast<unsigned char>(byte)];
    if (id >= 0) {
      tokens.push_back({id, 1});
    } else if (unknown_ && after_unknown && fuse_unknown_) {
      ++tokens.back().size;
    } else if (unknown_) {
      tokens.push_back({*unknown_, 1});
    }
    after_unknown = id < 0;
  }
}

void Bpe::merge_short(std::vector<WordToken>& tokens) const {
  if (tokens.size() < 2) return;
  std::array<Merge, kShortWord> pairs;
  std::size_t count = tokens.size() - 1;
  for (std::size_t i = 0; i < count; ++i) pairs[i] = merges_.find(tokens[i].id, tokens[i + 1].id);
  while (count > 0) {
    const auto best = static_cast<std::size_t>(
        std::min_element(pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(count)) - pairs.begin());
    if (pairs[best] == kNoMerge) break;
    tokens[best] = {merged_id(pairs[best]), tokens[best].size + tokens[best + 1].size};
    std::copy(tokens.begin() + static_cast<std::ptrdiff_t>(best) + 2,
              tokens.begin() + static_cast<std::ptrdiff_t>(count) + 1,
              tokens.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    std::copy(pairs.begin() + static_cast<std::ptrdiff_t>(best) + 1, pairs.begin() + static_cast<std::ptrdiff_t>(count),
              pairs.begin() + static_cast<std::ptrdiff_t>(best));
    --count;
    if (best > 0) pairs[best - 1] = merges_.find(tokens[best - 1].id, tokens[best].id);
    if (best < count) pairs[best] = merges_.find(tokens[best].id, tokens[best + 1].id);
  }
  tokens.resize(count + 1);
}

void Bpe::merge_long(std::vector<WordToken>& tokens) const {
  // Tokens stay where their first byte was. A merged-away one has size 0; sizes of gaps tell where neighbours are.
  constexpr std::uint32_t kEnd = ~std::uint32_t{0};
  const auto count = static_cast<std::uint32_t>(tokens.size());
  std::vector<std::uint32_t> before(count), after(count);
  std::vector<std::uint64_t> heap;  // rank * 2^32 + position
  const auto merge_at = [&](std::uint32_t at) {
    return after[at] == kEnd ? kNoMerge : merges_.find(tokens[at].id, tokens[after[at]].id);
  };
  const auto entry = [](Merge merge, std::uint32_t at) { return (std::uint64_t{merge_rank(merge)} << 32) | at; };
  for (std::uint32_t i = 0; i < count; ++i) {
    before[i] = i == 0 ? kEnd : i - 1;
    after[i] = i + 1 == count ? kEnd : i + 1;
    if (const Merge merge = merge_at(i); merge != kNoMerge) heap.push_back(entry(merge, i));
  }
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> queue(std::greater<>(),
                                                                                       std::move(heap));

  while (!queue.empty()) {
    const std::uint64_t top = queue.top();
    queue.pop();
    const auto at = static_cast<std::uint32_t>(top);
    if (tokens[at].size == 0) continue;
    const Merge merge = merge_at(at);
    if (merge == kNoMerge || merge_rank(merge) != static_cast<std::uint32_t>(top >> 32)) continue;  // the pair is gone
    const std::uint32_t right = after[at];
    tokens[at] = {merged_id(merge), tokens[at].size + tokens[right].size};
    tokens[right].size = 0;
    after[at] = after[right];
    if (after[at] != kEnd) before[after[at]] = at;
    if (const Merge next = merge_at(at); next != kNoMerge) queue.push(entry(next, at));
    if (before[at] == kEnd) continue;
    if (const Merge next = merge_at(before[at]); next != kNoMerge) queue.push(entry(next, before[at]));
  }
  std::erase_if(tokens, [](const WordToken& token) { return token.size == 0; });
}

}  // namespace gpt::text

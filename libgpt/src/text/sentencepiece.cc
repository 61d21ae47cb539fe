#include "text/sentencepiece.h"

#include <algorithm>

#include "text/token_index.h"
#include "text/unicode.h"

namespace gpt::text {

namespace {

constexpr const char* kSpace = "\u2581";

enum Type : std::int64_t { normal = 1, unknown = 2, user_defined = 4 };

struct Merge {
  double score;
  std::uint32_t left_size, right_size;  ///< in characters
  std::int32_t left, right, merged;
};

/// Every way to make a token of two others.
void add_ways(const TokenizerSpec& spec, const TokenIndex& index, std::int32_t id, double score,
              std::vector<Merge>& merges) {
  const std::string& token = spec.model.tokens[static_cast<std::size_t>(id)];
  std::uint32_t size = 0, left_size = 0;
  for (const char byte : token) size += is_continuation(byte) ? 0 : 1;
  for (std::size_t at = utf8_size(token.front()); at < token.size(); at += utf8_size(token[at])) {
    ++left_size;
    const auto left = index.find(std::string_view(token).substr(0, at));
    if (!left) continue;
    const auto right = index.find(std::string_view(token).substr(at));
    if (right) merges.push_back({score, left_size, size - left_size, *left, *right, id});
  }
}

void add_merges(const std::vector<double>& scores, const std::vector<std::int64_t>& types, TokenizerSpec& spec) {
  const auto merges_into = [&](std::size_t id) {
    return !spec.model.tokens[id].empty() && (types[id] == normal || types[id] == user_defined);
  };
  TokenIndex index(spec.model.tokens, spec.model.tokens.size());
  for (std::size_t id = 0; id < spec.model.tokens.size(); ++id) {
    if (merges_into(id)) index.add(static_cast<std::int32_t>(id));
  }
  std::vector<Merge> merges;
  for (std::size_t id = 0; id < spec.model.tokens.size(); ++id) {
    if (merges_into(id)) add_ways(spec, index, static_cast<std::int32_t>(id), scores[id], merges);
  }
  std::stable_sort(merges.begin(), merges.end(), [](const Merge& a, const Merge& b) {
    if (a.score != b.score) return a.score > b.score;
    return a.left_size != b.left_size ? a.left_size > b.left_size : a.right_size > b.right_size;
  });
  for (const Merge& merge : merges) {
    spec.model.merges.emplace_back(merge.left, merge.right);
    spec.model.merged.push_back(merge.merged);
  }
}

}  // namespace

void add_sentencepiece_parts(const std::vector<double>& scores, const std::vector<std::int64_t>& types, bool prefix,
                             TokenizerSpec& spec) {
  add_merges(scores, types, spec);
  spec.model.byte_fallback = spec.model.fuse_unknown = true;
  const auto unknown_type = std::find(types.begin(), types.end(), unknown);
  if (unknown_type != types.end()) spec.model.unknown = static_cast<std::int32_t>(unknown_type - types.begin());

  if (prefix) spec.normalizer.push_back({NormalizerStep::Kind::prepend, {}, kSpace});
  spec.normalizer.push_back({NormalizerStep::Kind::replace, {" ", false}, kSpace});
  spec.pre_tokenizer.byte_level = false;
  spec.decoder = {{DecoderStep::Kind::replace, {kSpace, false}, " "},
                  {DecoderStep::Kind::byte_fallback},
                  {DecoderStep::Kind::fuse}};
  if (prefix) spec.decoder.push_back({DecoderStep::Kind::strip, {}, " ", PrependScheme::always, 1, 0});
}

}  // namespace gpt::text

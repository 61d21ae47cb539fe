#include <algorithm>

#include "gpt/core/error.h"
#include "text/gguf_pre_tokenizers.h"
#include "text/readers.h"

namespace gpt::text {

namespace {

/// tokenizer.ggml.token_type.
enum TokenType : std::int32_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

constexpr const char* kSpace = "\u2581";

struct Tokens {
  std::vector<std::string> contents;
  std::vector<std::int32_t> types;

  void put(std::size_t id, const std::string& content, std::int32_t type) {
    contents[id] = content;
    types[id] = type;
  }
};

/// "<0x00>" to "<0xFF>".
bool is_byte(const std::string& token) { return token.size() == 6 && token.rfind("<0x", 0) == 0 && token[5] == '>'; }

/// By id; ids that no token has are padded.
Tokens list_tokens(const TokenizerSpec& spec, std::size_t rows) {
  std::size_t size = spec.model.tokens.size();
  for (const AddedToken& token : spec.added_tokens) size = std::max(size, static_cast<std::size_t>(token.id) + 1);
  if (size > rows)
    fail(ErrorCode::mismatch, "{}: the tokenizer has {} tokens, the model embeds only {}: they do not belong together",
         spec.source, size, rows);
  Tokens tokens{std::vector<std::string>(rows), std::vector<std::int32_t>(rows)};
  for (std::size_t id = 0; id < rows; ++id) tokens.put(id, fmt::format("[PAD{}]", id), unused);
  for (std::size_t id = 0; id < spec.model.tokens.size(); ++id) {
    const std::string& token = spec.model.tokens[id];
    if (!token.empty()) tokens.put(id, token, spec.model.byte_fallback && is_byte(token) ? byte : normal);
  }
  for (const AddedToken& token : spec.added_tokens)
    tokens.put(static_cast<std::size_t>(token.id), token.content, token.special ? control : user_defined);
  if (spec.model.byte_fallback && spec.model.unknown)
    tokens.types[static_cast<std::size_t>(*spec.model.unknown)] = unknown;
  return tokens;
}

/// "left right"; a space inside a token is written as the byte alphabet writes it.
std::vector<std::string> list_merges(const BpeSpec& model) {
  const auto token = [&](std::int32_t id) {
    std::string out;
    for (const char c : model.tokens[static_cast<std::size_t>(id)]) c == ' ' ? out += "\u0120" : out += c;
    return out;
  };
  std::vector<std::string> merges;
  for (const auto& [left, right] : model.merges) merges.push_back(token(left) + " " + token(right));
  return merges;
}

/// SentencePiece merges the pair whose token scores highest: the earlier a token is made, the higher it scores.
std::vector<float> list_scores(const BpeSpec& model, const Tokens& tokens) {
  const auto last = -static_cast<float>(model.merges.size());
  std::vector<float> scores(tokens.contents.size(), last);
  for (std::size_t rank = model.merged.size(); rank-- > 0;)
    scores[static_cast<std::size_t>(model.merged[rank])] = -static_cast<float>(rank);
  for (std::size_t id = 0; id < scores.size(); ++id)
    if (tokens.types[id] != normal && tokens.types[id] != user_defined) scores[id] = 0;
  return scores;
}

/// Whether a space goes before a text; error for a tokenizer that is not SentencePiece's BPE as llama.cpp has it.
bool adds_space(const TokenizerSpec& spec) {
  using Kind = NormalizerStep::Kind;
  const auto& steps = spec.normalizer;
  const NormalizerStep spaces{Kind::replace, {" ", false}, kSpace}, prefix{Kind::prepend, {}, kSpace};
  const bool by_normalizer = !steps.empty() && steps.back() == spaces && spec.pre_tokenizer.steps.empty() &&
                             (steps.size() == 1 || (steps.size() == 2 && steps.front() == prefix));
  if (by_normalizer) return steps.size() == 2;
  const auto& cuts = spec.pre_tokenizer.steps;
  const bool by_metaspace = steps.empty() && cuts.size() == 1 &&
                            cuts.front().kind == PreTokenizerStep::Kind::metaspace &&
                            cuts.front().replacement == kSpace;
  if (by_metaspace) return cuts.front().scheme != PrependScheme::never;
  fail(ErrorCode::unsupported,
       "{}: llama.cpp does not have this tokenizer's way to change a text before it is cut, so a GGUF file cannot hold "
       "it",
       spec.source);
}

void add_special_tokens(const TokenizerSpec& spec, const Tokens& tokens, GgufMetadata& metadata) {
  const auto add = [&](const char* name, const std::string& content, const std::vector<std::int32_t>& around) {
    const auto found = std::find(tokens.contents.begin(), tokens.contents.end(), content);
    std::int32_t id = around.size() == 1 ? around.front() : -1;
    if (!content.empty() && found != tokens.contents.end())
      id = static_cast<std::int32_t>(found - tokens.contents.begin());
    if (id >= 0) metadata.add_size(fmt::format("tokenizer.ggml.{}_token_id", name), id);
    return id;
  };
  const std::vector<std::int32_t>&before = spec.post_processor.before, &after = spec.post_processor.after;
  const std::int32_t bos = add("bos", spec.bos, before), eos = add("eos", spec.eos, after);
  add("padding", spec.pad, {});
  add("unknown", spec.unk, {});
  const auto surrounds = [&](const std::vector<std::int32_t>& ids, std::int32_t id, const char* what) {
    if (ids.empty()) return false;
    if (ids.size() > 1 || ids.front() != id)
      fail(ErrorCode::unsupported, "{}: a GGUF file can only say that {} is added to a text, not other tokens",
           spec.source, what);
    return true;
  };
  metadata.add_bool("tokenizer.ggml.add_bos_token", surrounds(before, bos, "the bos token"));
  metadata.add_bool("tokenizer.ggml.add_eos_token", surrounds(after, eos, "the eos token"));
}

/// The name of the way that this tokenizer cuts text into words.
std::string_view pre_tokenizer_name(const TokenizerSpec& spec) {
  if (const auto name = gguf_pre_tokenizer_name(spec)) return *name;
  fail(ErrorCode::unsupported,
       "{}: llama.cpp has no name for the way this tokenizer cuts text into words, so a GGUF file cannot hold it",
       spec.source);
}

}  // namespace

void write_gguf_vocabulary(const TokenizerSpec& spec, std::int64_t rows, GgufMetadata& metadata) {
  const Tokens tokens = list_tokens(spec, static_cast<std::size_t>(rows));
  const bool bytes = spec.pre_tokenizer.byte_level;
  metadata.add_string("tokenizer.ggml.model", bytes ? "gpt2" : "llama");
  metadata.add_string("tokenizer.ggml.pre", bytes ? pre_tokenizer_name(spec) : "default");
  metadata.add_strings("tokenizer.ggml.tokens", tokens.contents);
  metadata.add_i32s("tokenizer.ggml.token_type", tokens.types);
  if (bytes) {
    metadata.add_strings("tokenizer.ggml.merges", list_merges(spec.model));
  } else {
    metadata.add_bool("tokenizer.ggml.add_space_prefix", adds_space(spec));
    metadata.add_f32s("tokenizer.ggml.scores", list_scores(spec.model, tokens));
  }
  add_special_tokens(spec, tokens, metadata);
  if (!spec.chat_template.empty()) metadata.add_string("tokenizer.chat_template", spec.chat_template);
}

}  // namespace gpt::text

#include <algorithm>

#include "gpt/core/error.h"
#include "text/gguf_vocabulary.h"

namespace gpt::text {

namespace {

/// tokenizer.ggml.token_type.
enum TokenType : std::int32_t { normal = 1, control = 3, user_defined = 4, unused = 5 };

std::string_view pre_tokenizer_name(const TokenizerSpec& spec) {
  const auto all = known_pre_tokenizers();
  const auto known = std::find_if(all.begin(), all.end(), [&](const KnownPreTokenizer& candidate) {
    return candidate.splits == spec.pre_tokenizer.splits && candidate.use_regex == spec.pre_tokenizer.use_regex &&
           candidate.normalization == spec.normalization && candidate.ignore_merges == spec.model.ignore_merges;
  });
  if (known == all.end() || spec.pre_tokenizer.add_prefix_space)
    fail(ErrorCode::unsupported,
         "{}: llama.cpp has no name for the way this tokenizer cuts text into words{}, so a GGUF file cannot hold it",
         spec.source, spec.pre_tokenizer.add_prefix_space ? " (add_prefix_space)" : "");
  return known->name;
}

struct Tokens {
  std::vector<std::string> contents;
  std::vector<std::int32_t> types;

  void put(std::size_t id, const std::string& content, std::int32_t type) {
    contents[id] = content;
    types[id] = type;
  }
};

/// By id; ids that no token has are padded.
Tokens list_tokens(const TokenizerSpec& spec, std::size_t rows) {
  std::size_t size = spec.model.tokens.size();
  for (const AddedToken& token : spec.added_tokens) size = std::max(size, static_cast<std::size_t>(token.id) + 1);
  if (size > rows)
    fail(ErrorCode::mismatch, "{}: the tokenizer has {} tokens, the model embeds only {}: they do not belong together",
         spec.source, size, rows);
  Tokens tokens{std::vector<std::string>(rows), std::vector<std::int32_t>(rows)};
  for (std::size_t id = 0; id < rows; ++id) tokens.put(id, fmt::format("[PAD{}]", id), unused);
  for (std::size_t id = 0; id < spec.model.tokens.size(); ++id)
    if (!spec.model.tokens[id].empty()) tokens.put(id, spec.model.tokens[id], normal);
  for (const AddedToken& token : spec.added_tokens)
    tokens.put(static_cast<std::size_t>(token.id), token.content, token.special ? control : user_defined);
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

void add_special_tokens(const TokenizerSpec& spec, const Tokens& tokens, GgufMetadata& metadata) {
  const auto add = [&](const char* name, const std::string& content) -> std::int32_t {
    const auto found = std::find(tokens.contents.begin(), tokens.contents.end(), content);
    if (content.empty() || found == tokens.contents.end()) return -1;
    const auto id = static_cast<std::int32_t>(found - tokens.contents.begin());
    metadata.add_size(fmt::format("tokenizer.ggml.{}_token_id", name), id);
    return id;
  };
  const std::int32_t bos = add("bos", spec.bos), eos = add("eos", spec.eos);
  add("padding", spec.pad);
  add("unknown", spec.unk);
  const auto surrounds = [&](const std::vector<std::int32_t>& ids, std::int32_t id, const char* what) {
    if (ids.empty()) return false;
    if (ids.size() > 1 || ids.front() != id)
      fail(ErrorCode::unsupported, "{}: a GGUF file can only say that {} is added to a text, not other tokens",
           spec.source, what);
    return true;
  };
  metadata.add_bool("tokenizer.ggml.add_bos_token", surrounds(spec.post_processor.before, bos, "the bos token"));
  metadata.add_bool("tokenizer.ggml.add_eos_token", surrounds(spec.post_processor.after, eos, "the eos token"));
}

}  // namespace

void write_gguf_vocabulary(const TokenizerSpec& spec, std::int64_t rows, GgufMetadata& metadata) {
  const Tokens tokens = list_tokens(spec, static_cast<std::size_t>(rows));
  metadata.add_string("tokenizer.ggml.model", "gpt2");
  metadata.add_string("tokenizer.ggml.pre", pre_tokenizer_name(spec));
  metadata.add_strings("tokenizer.ggml.tokens", tokens.contents);
  metadata.add_i32s("tokenizer.ggml.token_type", tokens.types);
  metadata.add_strings("tokenizer.ggml.merges", list_merges(spec.model));
  add_special_tokens(spec, tokens, metadata);
  if (!spec.chat_template.empty()) metadata.add_string("tokenizer.chat_template", spec.chat_template);
}

}  // namespace gpt::text

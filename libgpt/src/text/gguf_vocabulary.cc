#include "text/gguf_vocabulary.h"

#include "gpt/core/error.h"
#include "gpt/core/log.h"
#include "gpt/io/gguf.h"
#include "text/bpe_spec.h"
#include "text/readers.h"
#include "text/unicode.h"

namespace gpt::text {

namespace {

/// tokenizer.ggml.token_type: those that are more than a piece of text.
enum TokenType : std::int64_t { control = 3, user_defined = 4 };

const KnownPreTokenizer& find_pre_tokenizer(const GgufFile& file) {
  const std::string_view name = file.find_string("tokenizer.ggml.pre").value_or("default");
  if (name == "default") {
    log_warning("{}: tokenizer.ggml.pre does not say how text is cut into words; taking GPT-2's way",
                file.path().string());
  }
  std::string names;
  for (const KnownPreTokenizer& known : known_pre_tokenizers()) {
    if (known.name == name) return known;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
  }
  fail(ErrorCode::unsupported,
       "{}: the pre-tokenizer '{}' (tokenizer.ggml.pre) is not supported, only {}; use the model's folder with its "
       "tokenizer.json",
       file.path().string(), name, names);
}

void check_kind(const GgufFile& file) {
  const auto kind = file.find_string("tokenizer.ggml.model");
  if (!kind)
    fail(ErrorCode::not_found, "{}: no tokenizer in it (tokenizer.ggml.model is missing)", file.path().string());
  if (*kind == "gpt2") return;
  fail(ErrorCode::unsupported,
       "{}: the tokenizer model '{}' (tokenizer.ggml.model) is not supported, only gpt2 (byte-level BPE)",
       file.path().string(), *kind);
}

template <typename List>
List require(const GgufFile& file, std::optional<List> found, std::string_view key) {
  if (!found)
    fail(ErrorCode::malformed, "{}: {} is missing, so its tokenizer cannot be read", file.path().string(), key);
  return std::move(*found);
}

void check_utf8(const GgufFile& file, std::string_view key, std::string_view text) {
  const std::size_t at = find_invalid_utf8(text);
  if (at == text.size()) return;
  fail(ErrorCode::malformed, "{}: {} is not valid UTF-8 at byte {} of {}", file.path().string(), key, at, text.size());
}

void read_tokens(const GgufFile& file, BpeSpecBuilder& builder, TokenizerSpec& spec) {
  const auto tokens = require(file, file.find_strings("tokenizer.ggml.tokens"), "tokenizer.ggml.tokens");
  const auto types = file.find_integers("tokenizer.ggml.token_type");
  if (types && types->size() != tokens.size()) {
    fail(ErrorCode::malformed, "{}: tokenizer.ggml.tokens has {} entries, but tokenizer.ggml.token_type {}",
         file.path().string(), tokens.size(), types->size());
  }
  if (tokens.size() > static_cast<std::size_t>(kMaxVocabulary)) {
    fail(ErrorCode::unsupported, "{}: tokenizer.ggml.tokens has {} entries, more than {}", file.path().string(),
         tokens.size(), kMaxVocabulary);
  }
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    check_utf8(file, fmt::format("tokenizer.ggml.tokens[{}]", i), tokens[i]);
    const auto id = static_cast<std::int32_t>(i);
    const std::string token(tokens[i]);
    builder.add_token(token, id);
    if (!types || token.empty()) continue;
    const bool special = (*types)[i] == control;
    if (!special && (*types)[i] != user_defined) continue;
    AddedToken added;
    added.id = id;
    added.content = token;
    added.special = special;
    spec.added_tokens.push_back(added);
  }
}

/// The token that a metadata entry names by id; nullopt where there is none.
std::optional<std::int32_t> special_id(const GgufFile& file, std::string_view name, const BpeSpec& model) {
  const std::string key = fmt::format("tokenizer.ggml.{}_token_id", name);
  const auto id = file.find_integer(key);
  if (!id) return std::nullopt;
  if (*id < 0 || *id >= static_cast<std::int64_t>(model.tokens.size())) {
    fail(ErrorCode::malformed, "{}: {} is {}, but there are {} tokens", file.path().string(), key, *id,
         model.tokens.size());
  }
  return static_cast<std::int32_t>(*id);
}

void read_special_tokens(const GgufFile& file, bool add_bos, TokenizerSpec& spec) {
  const auto read = [&](std::string_view name, std::string& content) {
    const auto id = special_id(file, name, spec.model);
    if (id) content = spec.model.tokens[static_cast<std::size_t>(*id)];
    return id;
  };
  const auto bos = read("bos", spec.bos), eos = read("eos", spec.eos);
  read("padding", spec.pad);
  read("unknown", spec.unk);
  if (bos && file.find_bool("tokenizer.ggml.add_bos_token").value_or(add_bos)) spec.post_processor.before = {*bos};
  if (eos && file.find_bool("tokenizer.ggml.add_eos_token").value_or(false)) spec.post_processor.after = {*eos};
}

}  // namespace

std::span<const KnownPreTokenizer> known_pre_tokenizers() {
  constexpr auto kNone = Normalization::none;
  static const std::vector<KnownPreTokenizer> known{
      {"gpt-2", {}, true, kNone, false, false, true, false},
      {"default", {}, true, kNone, false, false, true, false},
      {"smollm", {Split::numbers_each}, true, kNone, false, false, false, false},
      {"starcoder", {Split::numbers_each}, true, kNone, false, false, false, false},
      {"refact", {Split::numbers_each}, true, kNone, false, false, false, false},
      {"mpt", {}, true, Normalization::nfc, false, false, true, true},  // GPT-NeoX's, as is OLMo's
      {"olmo", {}, true, Normalization::nfc, false, false, true, true},
      {"llama-bpe", {Split::llama3}, false, kNone, true, true, true, true},
      {"qwen2", {Split::qwen2}, false, Normalization::nfc, false, false, true, false},
  };
  return known;
}

TokenizerSpec read_gguf_vocabulary(const std::filesystem::path& path) {
  const GgufFile file(path);
  check_kind(file);
  const KnownPreTokenizer& known = find_pre_tokenizer(file);
  TokenizerSpec spec;
  spec.source = path.string();
  spec.normalization = known.normalization;
  spec.pre_tokenizer.splits = known.splits;
  spec.pre_tokenizer.use_regex = known.use_regex;
  spec.post_processor.byte_level = known.byte_level;
  spec.post_processor.trim_offsets = known.trim_offsets;
  BpeSpecBuilder builder(spec.source);
  read_tokens(file, builder, spec);
  for (const std::string_view merge :
       require(file, file.find_strings("tokenizer.ggml.merges"), "tokenizer.ggml.merges")) {
    builder.add_merge(merge);
  }
  spec.model = builder.take();
  spec.model.ignore_merges = known.ignore_merges;
  read_special_tokens(file, known.add_bos, spec);
  spec.chat_template = file.find_string("tokenizer.chat_template").value_or("");
  check_utf8(file, "tokenizer.chat_template", spec.chat_template);
  const auto architecture = file.find_string("general.architecture");
  if (architecture) spec.max_length = file.find_integer(std::string(*architecture) + ".context_length");
  return spec;
}

}  // namespace gpt::text

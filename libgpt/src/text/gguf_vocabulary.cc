#include <cmath>

#include "gpt/core/error.h"
#include "gpt/io/gguf.h"
#include "text/bpe_spec.h"
#include "text/gguf_pre_tokenizers.h"
#include "text/readers.h"
#include "text/sentencepiece.h"
#include "text/unicode.h"

namespace gpt::text {

namespace {

/// tokenizer.ggml.token_type: those that are more than a piece of text.
enum TokenType : std::int64_t { unknown = 2, control = 3, user_defined = 4 };

void check_utf8(const GgufFile& file, std::string_view key, std::string_view text) {
  const std::size_t at = find_invalid_utf8(text);
  if (at == text.size()) return;
  fail(ErrorCode::malformed, "{}: {} is not valid UTF-8 at byte {} of {}", file.path().string(), key, at, text.size());
}

template <typename List>
List require(const GgufFile& file, std::optional<List> found, std::string_view key) {
  if (!found)
    fail(ErrorCode::malformed, "{}: {} is missing, so its tokenizer cannot be read", file.path().string(), key);
  return std::move(*found);
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
    const bool special = (*types)[i] == control || (*types)[i] == unknown;
    if (!special && (*types)[i] != user_defined) continue;
    AddedToken added;
    added.id = id;
    added.content = token;
    added.special = special;
    spec.added_tokens.push_back(added);
  }
  builder.finish_tokens();
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

/// Byte-level BPE, as GPT-2 began it: tokens, merges, and the name of a way to cut text into words.
void read_byte_level(const GgufFile& file, TokenizerSpec& spec) {
  const GgufPreTokenizer known = gguf_pre_tokenizer(file);
  spec.normalizer = known.normalizer;
  spec.pre_tokenizer = known.pre_tokenizer;
  spec.post_processor = known.post_processor;
  BpeSpecBuilder builder(spec.source);
  read_tokens(file, builder, spec);
  for (const std::string_view merge :
       require(file, file.find_strings("tokenizer.ggml.merges"), "tokenizer.ggml.merges")) {
    builder.add_merge(merge);
  }
  spec.model = builder.take();
  spec.model.ignore_merges = known.ignore_merges;
  read_special_tokens(file, known.add_bos, spec);
}

/// SentencePiece's BPE: tokens with scores, from which the merges follow.
void read_sentencepiece(const GgufFile& file, TokenizerSpec& spec) {
  BpeSpecBuilder builder(spec.source);
  read_tokens(file, builder, spec);
  const auto scores = require(file, file.find_numbers("tokenizer.ggml.scores"), "tokenizer.ggml.scores");
  const auto types = require(file, file.find_integers("tokenizer.ggml.token_type"), "tokenizer.ggml.token_type");
  spec.model = builder.take();
  if (scores.size() != spec.model.tokens.size()) {
    fail(ErrorCode::malformed, "{}: tokenizer.ggml.tokens has {} entries, but tokenizer.ggml.scores {}", spec.source,
         spec.model.tokens.size(), scores.size());
  }
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!std::isfinite(scores[i])) {
      fail(ErrorCode::malformed, "{}: tokenizer.ggml.scores[{}] is {}, but a finite number is expected", spec.source, i,
           scores[i]);
    }
    if (spec.model.tokens[i].size() > kLongestPiece) {
      fail(ErrorCode::unsupported, "{}: tokenizer.ggml.tokens[{}] has {} bytes, more than {}", spec.source, i,
           spec.model.tokens[i].size(), kLongestPiece);
    }
  }
  add_sentencepiece_parts(scores, types, file.find_bool("tokenizer.ggml.add_space_prefix").value_or(true), spec);
  read_special_tokens(file, true, spec);
  if (const auto id = special_id(file, "unknown", spec.model)) spec.model.unknown = id;
}

}  // namespace

TokenizerSpec read_gguf_vocabulary(const std::filesystem::path& path) {
  const GgufFile file(path);
  const auto kind = file.find_string("tokenizer.ggml.model");
  if (!kind || *kind == "no_vocab" || *kind == "none")
    fail(ErrorCode::not_found, "{}: no tokenizer in it (tokenizer.ggml.model is {})", path.string(),
         kind.value_or("missing"));
  TokenizerSpec spec;
  spec.source = path.string();
  if (*kind == "gpt2") {
    read_byte_level(file, spec);
  } else if (*kind == "llama") {
    read_sentencepiece(file, spec);
  } else {
    fail(ErrorCode::unsupported,
         "{}: the tokenizer model '{}' (tokenizer.ggml.model) is not supported, only gpt2 (byte-level BPE) and llama "
         "(SentencePiece's BPE)",
         path.string(), *kind);
  }
  spec.chat_template = file.find_string("tokenizer.chat_template").value_or("");
  check_utf8(file, "tokenizer.chat_template", spec.chat_template);
  const auto architecture = file.find_string("general.architecture");
  if (architecture) spec.max_length = file.find_integer(std::string(*architecture) + ".context_length");
  return spec;
}

}  // namespace gpt::text

#include "model/gguf_config.h"

#include <charconv>
#include <limits>
#include <string>

#include "gpt/core/error.h"

namespace gpt {

std::string gguf_key(const GgufFile& file, std::string_view key) {
  return fmt::format("{}.{}", file.find_string("general.architecture").value_or(""), key);
}

std::int64_t gguf_size(const GgufFile& file, std::string_view key) {
  const std::string name = gguf_key(file, key);
  const auto value = file.find_integer(name);
  if (!value) fail(ErrorCode::malformed, "{}: the metadata lacks {}", file.path().string(), name);
  if (*value < 1 || *value > std::numeric_limits<std::int32_t>::max())
    fail(ErrorCode::malformed, "{}: {} = {} is out of range", file.path().string(), name, *value);
  return *value;
}

std::int64_t gguf_size_or(const GgufFile& file, std::string_view key, std::int64_t otherwise) {
  const std::string name = gguf_key(file, key);
  return file.find_value(name) != nullptr ? gguf_size(file, key) : otherwise;
}

double gguf_number_or(const GgufFile& file, std::string_view key, double otherwise) {
  const std::string name = gguf_key(file, key);
  const auto value = file.find_number(name);
  if (!value) return otherwise;
  // Stored in float32: the shortest decimal that means the same is what the author wrote.
  const std::string text = fmt::format("{}", static_cast<float>(*value));
  double written = 0;
  std::from_chars(text.data(), text.data() + text.size(), written);
  return written;
}

void read_gguf_vocabulary(const GgufFile& file, ModelConfig& config) {
  const StoredTensor* embedding = file.find("token_embd.weight");
  if (embedding == nullptr || embedding->shape.size() != 2)
    fail(ErrorCode::malformed, "{}: there is no matrix token_embd.weight", file.path().string());
  config.vocabulary = embedding->shape[0];
  const auto token = [&](std::string_view key) -> std::optional<std::int32_t> {
    const auto id = file.find_integer(key);
    if (!id || *id < 0 || *id >= config.vocabulary) return std::nullopt;
    return static_cast<std::int32_t>(*id);
  };
  config.bos = token("tokenizer.ggml.bos_token_id");
  config.eos = token("tokenizer.ggml.eos_token_id");
  config.pad = token("tokenizer.ggml.padding_token_id");
  config.tied_embeddings = file.find("output.weight") == nullptr;
}

bool gguf_flag_or(const GgufFile& file, std::string_view key, bool otherwise) {
  return file.find_bool(gguf_key(file, key)).value_or(otherwise);
}

void read_gguf_sizes(const GgufFile& file, ModelConfig& c) {
  read_gguf_vocabulary(file, c);
  c.hidden = gguf_size(file, "embedding_length");
  c.layers = gguf_size(file, "block_count");
  c.heads = gguf_size(file, "attention.head_count");
  c.kv_heads = gguf_size_or(file, "attention.head_count_kv", c.heads);
  c.head_size = gguf_size_or(file, "attention.key_length", c.hidden / c.heads);
  c.context = gguf_size(file, "context_length");
}

void refuse_gguf_variants(const GgufFile& file) {
  for (const char* key :
       {"expert_count", "attention.max_alibi_bias", "attention.clamp_kqv", "attention.scale", "attn_logit_softcapping",
        "final_logit_softcapping", "logit_scale", "embedding_scale", "residual_scale", "rope.scale_linear"}) {
    const auto value = file.find_number(gguf_key(file, key));
    if (value && *value != 0)
      fail(ErrorCode::unsupported, "{}: {} = {} is not supported", file.path().string(), gguf_key(file, key), *value);
  }
  const auto scaling = file.find_string(gguf_key(file, "rope.scaling.type"));
  if (scaling && *scaling != "none")
    fail(ErrorCode::unsupported, "{}: {} = \"{}\" is not supported", file.path().string(),
         gguf_key(file, "rope.scaling.type"), *scaling);
  if (!gguf_flag_or(file, "attention.causal", true))
    fail(ErrorCode::unsupported, "{}: {} = false is not supported", file.path().string(),
         gguf_key(file, "attention.causal"));
}

}  // namespace gpt

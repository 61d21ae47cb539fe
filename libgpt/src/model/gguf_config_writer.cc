#include "model/gguf_config_writer.h"

#include <fmt/format.h>

#include "model/family.h"

namespace gpt {

void write_gguf_config(const ModelConfig& c, GgufMetadata& metadata) {
  const std::string prefix(family(c.family).gguf_architecture());
  const auto size = [&](std::string_view key, std::int64_t value) {
    metadata.add_size(fmt::format("{}.{}", prefix, key), value);
  };
  const auto number = [&](std::string_view key, double value) {
    metadata.add_f32(fmt::format("{}.{}", prefix, key), value);
  };
  size("vocab_size", c.vocabulary);
  size("context_length", c.context);
  size("embedding_length", c.hidden);
  size("block_count", c.layers);
  size("feed_forward_length", c.intermediate);
  size("attention.head_count", c.heads);
  size("attention.head_count_kv", c.kv_heads);
  size("attention.key_length", c.head_size);
  size("attention.value_length", c.head_size);
  const bool rms = c.norm == NormKind::rms_norm;
  number(rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon", c.norm_epsilon);
  if (!c.rope_theta) return;
  size("rope.dimension_count", c.head_size);
  number("rope.freq_base", *c.rope_theta);
}

}  // namespace gpt

#include <array>

#include "gpt/core/error.h"
#include "gptask/toolkit/pretrain.h"

namespace gptask {
namespace {

struct Size {
  const char* name;
  std::int64_t hidden, layers, heads, gated, context;  // gated: the llama shape's feed-forward part; gpt2 has 4 hidden
};

constexpr std::array<Size, 5> sizes{{{"nano", 64, 2, 4, 192, 128},
                                     {"micro", 128, 4, 4, 352, 256},
                                     {"mini", 256, 5, 4, 640, 512},
                                     {"small", 512, 8, 8, 1408, 1024},
                                     {"gpt2", 768, 12, 12, 0, 1024}}};

}  // namespace

gpt::ModelConfig preset(const std::string& name, const std::string& model_type) {
  if (model_type != "llama" && model_type != "gpt2")
    gpt::fail(gpt::ErrorCode::invalid_option, "--model_type must be llama or gpt2, not \"{}\"", model_type);
  for (const Size& size : sizes) {
    if (name != size.name) continue;
    gpt::ModelConfig c;
    c.family = size.gated > 0 ? model_type : "gpt2";
    c.hidden = size.hidden;
    c.layers = size.layers;
    c.heads = c.kv_heads = size.heads;
    c.head_size = size.hidden / size.heads;
    c.context = size.context;
    c.tied_embeddings = true;
    if (c.family == "gpt2") {
      c.intermediate = 4 * size.hidden;
      c.learned_positions = true;
    } else {
      c.intermediate = size.gated;
      c.norm = gpt::NormKind::rms_norm;
      c.mlp = gpt::MlpKind::silu_gated;
      c.rope_theta = 10000.0;
    }
    return c;
  }
  gpt::fail(gpt::ErrorCode::invalid_option,
            "--config_name must be nano, micro, mini, small, gpt2 or the path of a config.json, not \"{}\"", name);
}

}  // namespace gptask

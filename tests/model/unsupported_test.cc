// Settings of config.json that change what a model computes: taken, or refused by name, never passed over.
#include <nlohmann/json.hpp>

#include "gpt/core/log.h"
#include "gpt/model/files.h"
#include "support/errors.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const std::string& family) {
  for (const ModelConfig& config : tiny_configs())
    if (config.family == family) return transformers_config(config, "ForCausalLM");
  FAIL("no tiny " << family);
  return {};
}

/// What loading a folder with this config.json and no weights says: "not_found: ..." for one that is accepted.
std::string answer(const Json& json) {
  const TemporaryFolder folder;
  put(folder / "config.json", json.dump());
  return error_of([&] { Decoder::load(folder.path()); });
}

std::string answer(Json json, const Json& changes) {
  json.update(changes);
  return answer(json);
}

void check_refused(const std::string& family, const Json& changes, const std::string& name) {
  const std::string error = answer(json_of(family), changes);
  INFO(family << " " << changes.dump() << ": " << error);
  CHECK(error.compare(0, 13, "unsupported: ") == 0);
  CHECK(contains(error, name));
}

const char* const kFamilies[] = {"gpt2", "llama", "qwen2", "qwen3", "mistral", "gpt_neox"};
const char* const kLlamaKind[] = {"llama", "qwen2", "qwen3", "mistral"};
const char* const kRotary[] = {"llama", "qwen2", "qwen3", "mistral", "gpt_neox"};

}  // namespace

TEST_CASE("unsupported: what no family here does") {
  const std::pair<Json, const char*> cases[] = {
      {{{"num_local_experts", 8}, {"num_experts_per_tok", 2}}, "num_experts_per_tok = 2"},
      {{{"num_experts", 64}}, "num_experts = 64 is not supported: this build does not know the setting"},
      {{{"moe_intermediate_size", 1408}}, "moe_intermediate_size"},
      {{{"router_aux_loss_coef", 0.01}}, "router_aux_loss_coef"},
      {{{"is_encoder_decoder", true}}, "is_encoder_decoder = true is not supported, only false"},
      {{{"quantization_config", {{"quant_method", "gptq"}, {"bits", 4}}}}, "quantization_config = {"},
      {{{"pruned_heads", {{"0", {1, 2}}}}}, "pruned_heads"},
      {{{"attn_logit_softcapping", 50.0}}, "attn_logit_softcapping = 50.0"},
      {{{"final_logit_softcapping", 30.0}}, "final_logit_softcapping"},
      {{{"logit_scale", 0.0625}}, "logit_scale"},
      {{{"embedding_multiplier", 12.0}}, "embedding_multiplier"},
      {{{"residual_multiplier", 0.22}}, "residual_multiplier"},
      {{{"query_pre_attn_scalar", 256}}, "query_pre_attn_scalar"},
      {{{"clip_qkv", 8.0}}, "clip_qkv"},
      {{{"alibi", true}}, "alibi"},
      {{{"position_embedding_type", "relative_key"}}, "position_embedding_type"},
      {{{"use_qk_norm", true}}, "use_qk_norm"},
      {{{"no_rope_layers", {1, 1, 1, 0}}}, "no_rope_layers"},
      {{{"attention_chunk_size", 8192}}, "attention_chunk_size"},
      {{{"sparse_attention", {{"block", 64}}}}, "sparse_attention"},
      {{{"scale_embeddings", true}}, "scale_embeddings"}};
  for (const char* family : kFamilies)
    for (const auto& [changes, name] : cases) check_refused(family, changes, name);
}

TEST_CASE("unsupported: activations") {
  for (const char* family : kLlamaKind)
    for (const char* name : {"gelu", "relu", "gelu_pytorch_tanh", "relu2"})
      check_refused(family, {{"hidden_act", name}},
                    std::string("hidden_act = \"") + name + "\" is not supported, only \"silu\"");
  for (const char* name : {"relu", "silu", "quick_gelu", "gelu_10"}) {
    check_refused("gpt2", {{"activation_function", name}}, "activation_function");
    check_refused("gpt_neox", {{"hidden_act", name}}, "hidden_act");
  }
}

TEST_CASE("unsupported: attention of other kinds") {
  for (const char* family : {"llama", "qwen3", "mistral"})
    check_refused(family, {{"attention_bias", true}}, "attention_bias = true is not supported, only false");
  check_refused("llama", {{"mlp_bias", true}}, "mlp_bias = true");
  check_refused("llama", {{"sliding_window", 4096}}, "sliding_window = 4096");
  check_refused("gpt_neox", {{"attention_bias", false}}, "attention_bias = false is not supported, only true");
  check_refused("gpt2", {{"scale_attn_by_inverse_layer_idx", true}}, "scale_attn_by_inverse_layer_idx = true");
  check_refused("gpt2", {{"scale_attn_weights", false}}, "scale_attn_weights = false");
  check_refused("gpt2", {{"add_cross_attention", true}}, "add_cross_attention = true");
  for (const char* family : {"qwen2", "qwen3"}) {
    check_refused(family, {{"use_sliding_window", true}, {"sliding_window", 128}}, "use_sliding_window = true");
    check_refused(family, {{"layer_types", {"full_attention", "sliding_attention"}}},
                  "layer_types has \"sliding_attention\"");
  }
}

TEST_CASE("unsupported: rotary positions of other kinds, in both spellings") {
  for (const char* family : kRotary) {
    for (const char* type : {"linear", "dynamic", "yarn", "longrope", "su"}) {
      check_refused(family, {{"rope_parameters", {{"rope_type", type}, {"factor", 4.0}, {"rope_theta", 1e4}}}}, type);
      check_refused(family, {{"rope_scaling", {{"type", type}, {"factor", 4.0}}}}, type);
    }
    check_refused(family, {{"rope_parameters", {{"rope_type", "default"}, {"factor", 4.0}}}},
                  "rope_parameters: factor = 4.0 is not supported");
    check_refused(family, {{"rope_parameters", {{"full_attention", {{"rope_type", "default"}}}}}},
                  "rope_parameters: full_attention");
  }
  for (const char* family : kLlamaKind)
    check_refused(family, {{"partial_rotary_factor", 0.5}}, "partial_rotary_factor");
}

TEST_CASE("config: rotary settings that make no sense") {
  const Json llama3{{"rope_type", "llama3"},
                    {"factor", 8.0},
                    {"low_freq_factor", 1.0},
                    {"high_freq_factor", 4.0},
                    {"original_max_position_embeddings", 8192}};
  CHECK(contains(answer(json_of("qwen2"), {{"rope_parameters", llama3}}), "not_found: "));
  const std::pair<const char*, Json> senseless[] = {{"factor", 0.5},
                                                    {"low_freq_factor", 0},
                                                    {"high_freq_factor", 1.0},
                                                    {"original_max_position_embeddings", nullptr}};
  for (const auto& [key, value] : senseless) {
    Json broken = llama3;
    broken[key] = value;
    INFO(broken.dump());
    CHECK(contains(answer(json_of("qwen2"), {{"rope_parameters", broken}}), "malformed: "));
  }
  CHECK(contains(answer(json_of("qwen2"), {{"rope_parameters", 5}}), "malformed: "));
  CHECK(contains(answer(json_of("qwen2"), {{"rope_parameters", {{"rope_theta", -1}}}}),
                 "rope_theta must be a positive number, not -1"));
  CHECK(contains(answer(json_of("qwen2"), {{"rope_scaling", llama3}}),
                 "mismatch: "));  // rope_parameters says default
  CHECK(contains(answer(json_of("gpt_neox"), {{"rope_parameters", nullptr}, {"rotary_pct", 0.0}}),
                 "rotary_pct must be above 0 and at most 1, not 0"));
}

TEST_CASE("config: what is off, harmless or only known elsewhere is no obstacle") {
  const Json harmless[] = {{{"num_experts", 0}},
                           {{"alibi", false}},
                           {{"quantization_config", nullptr}},
                           {{"rope_interleaved", false}},
                           {{"pretraining_tp", 1}, {"use_cache", true}, {"torch_dtype", "bfloat16"}},
                           {{"task_specific_params", {{"text-generation", {{"do_sample", true}}}}}},
                           {{"transformers.js_config", {{"dtype", "q4"}}}, {"_attn_implementation", "sdpa"}},
                           {{"architectures", {"SomethingElse"}}, {"num_labels", 5}, {"unsloth_fixed", true}}};
  for (const char* family : kFamilies)
    for (const Json& changes : harmless) {
      const std::string found = answer(json_of(family), changes);
      INFO(family << " " << changes.dump() << ": " << found);
      CHECK(found.compare(0, 11, "not_found: ") == 0);  // the weights
    }
}

TEST_CASE("config: a name nobody knows that does not speak of arithmetic is logged") {
  std::vector<std::string> said;
  const LogSink before = set_log_sink([&](LogLevel level, std::string_view text) {
    if (level == LogLevel::warning) said.emplace_back(text);
  });
  answer(json_of("llama"), {{"favourite_colour", "blue"}});
  set_log_sink(before);
  REQUIRE(said.size() == 1);
  CHECK(contains(said[0], "config.json: favourite_colour is not known here and has no effect"));
}

TEST_CASE("config: defaults of each family's class in Transformers") {
  const auto config_of = [](Json json, std::initializer_list<const char*> gone) {
    for (const char* key : gone) json.erase(key);
    const TemporaryFolder folder;
    const std::string type = json.at("model_type");
    for (ModelConfig c : tiny_configs()) {
      if (c.family != type) continue;
      c.kv_heads = c.heads;
      save_model(*Decoder::create(c, 1), {}, folder.path(), "ForCausalLM");
      break;
    }
    put(folder / "config.json", json.dump());
    return Decoder::load(folder.path())->config();
  };
  Json mistral = json_of("mistral");
  mistral["num_key_value_heads"] = nullptr;
  CHECK(config_of(mistral, {"sliding_window"}).window == 4096);
  mistral["sliding_window"] = nullptr;
  CHECK(config_of(mistral, {}).window == 0);
  const ModelConfig llama = config_of(json_of("llama"), {"num_key_value_heads", "head_dim", "rope_theta",
                                                         "rope_parameters", "max_position_embeddings", "rms_norm_eps"});
  CHECK(llama.kv_heads == 4);
  CHECK(llama.head_size == 12);
  CHECK(llama.rope_theta == 10000.0);
  CHECK(llama.context == 2048);
  CHECK(llama.norm_epsilon == 1e-6);
  const ModelConfig neox = config_of(json_of("gpt_neox"), {"hidden_act", "use_parallel_residual", "layer_norm_eps"});
  CHECK(neox.mlp == MlpKind::gelu_erf);
  CHECK(neox.parallel_residual);
  CHECK(neox.norm_epsilon == 1e-5);
  Json quarter = json_of("gpt_neox");
  for (const char* key : {"rope_parameters", "rotary_pct", "rotary_emb_base"}) quarter.erase(key);
  CHECK(contains(answer(quarter), "rotary positions need an even head size, not 3 of 12"));
}

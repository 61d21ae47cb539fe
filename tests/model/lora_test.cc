// Adapters: attached, saved, loaded, merged.
#include "gpt/model/lora.h"

#include <algorithm>
#include <cmath>

#include "gpt/io/json.h"
#include "gpt/model/files.h"
#include "support/errors.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

const std::vector<ModelConfig>& configs() {
  static const std::vector<ModelConfig> both{tiny_gpt2(), tiny_llama()};
  return both;
}

/// Hidden states of a few examples.
std::vector<float> states(const Decoder& decoder) {
  Batch batch;
  for (const Example& e : tiny_examples(4)) batch.add(e);
  Arena arena(std::size_t{1} << 30);
  Tape tape(arena, false);
  const Hidden hidden = decoder.forward(tape, batch);
  return {hidden.states.value().values().begin(), hidden.states.value().values().end()};
}

double difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(static_cast<double>(a[i] - b[i])));
  return largest;
}

/// A decoder whose adapters do something.
std::unique_ptr<Decoder> adapted(const ModelConfig& config, const std::vector<std::string>& targets = {}) {
  auto decoder = Decoder::create(config, 1);
  decoder->add_lora({4, 8, 0.2, targets}, 3);
  Random random(8);
  for (Parameter* p : decoder->parameters())
    if (p->name.find("lora_B") != std::string::npos)
      for (float& v : p->value.values()) v = 0.3F * random.normal();
  return decoder;
}

std::size_t count(const Decoder& decoder, const std::string& part) {
  std::size_t found = 0;
  for (const Parameter* p : decoder.parameters()) found += p->name.find(part) != std::string::npos ? 1 : 0;
  return found;
}

}  // namespace

TEST_CASE("lora: new adapters change nothing, and they alone train") {
  for (const ModelConfig& config : configs()) {
    const auto decoder = Decoder::create(config, 1);
    decoder->set_trainable(true);
    const std::vector<float> before = states(*decoder);
    CHECK_FALSE(decoder->has_lora());
    decoder->add_lora({4, 8, 0.2, {}}, 3);
    CHECK(decoder->has_lora());
    CHECK(decoder->lora().rank == 4);
    CHECK(states(*decoder) == before);
    for (const Parameter* p : decoder->parameters())
      CHECK(p->trainable == (p->name.find(".lora_") != std::string::npos));
    CHECK(count(*decoder, "lora_A") == (config.family == "gpt2" ? 8 : 14));  // 4 or 7 projections in each of 2 blocks
    for (const Parameter* p : decoder->parameters()) {
      const auto& v = p->value.values();
      const auto inputs = static_cast<float>(p->value.columns());
      if (p->name.find("lora_B") != std::string::npos)
        CHECK(std::all_of(v.begin(), v.end(), [](float x) { return x == 0.0F; }));
      if (p->name.find("lora_A") != std::string::npos)
        CHECK(std::all_of(v.begin(), v.end(), [inputs](float x) { return std::abs(x) <= 1 / std::sqrt(inputs); }));
    }
  }
}

TEST_CASE("lora: targets by name") {
  const auto gpt2 = adapted(tiny_gpt2(), {"c_proj"});  // GPT-2 has two of that name in a block
  CHECK(count(*gpt2, "lora_A") == 4);
  CHECK(count(*gpt2, "mlp.c_proj.lora_A") == 2);
  const auto llama = adapted(tiny_llama(), {"q_proj", "v_proj"});
  CHECK(count(*llama, "lora_A") == 4);
  CHECK(count(*adapted(tiny_llama(), {"all-linear"}), "lora_A") == 14);
  CHECK_ERROR(adapted(tiny_llama(), {"q_proj", "c_attn"}), "invalid_option",
              "no projection is named \"c_attn\"; this model has q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, "
              "down_proj");
}

TEST_CASE("lora: targets by a module's whole name or its end, as PEFT writes all-linear of GPT-2") {
  const auto count = [](std::vector<std::string> targets) {
    const auto decoder = Decoder::create(tiny_gpt2(), 1);
    decoder->add_lora({2, 4, 0, std::move(targets)}, 1);
    std::size_t adapted = 0;
    for (const Parameter* p : decoder->parameters()) adapted += p->name.find(".lora_A") != std::string::npos ? 1 : 0;
    return adapted;
  };
  CHECK(count({"transformer.h.1.attn.c_attn"}) == 1);
  CHECK(count({"h.0.attn.c_proj", "transformer.h.1.mlp.c_fc"}) == 2);
  CHECK(count({"attn.c_proj"}) == 2);
  CHECK(count({"c_proj"}) == 4);
  CHECK_ERROR(count({"proj"}), "invalid_option", "no projection is named \"proj\"");
  CHECK_ERROR(count({"h.7.attn.c_attn"}), "invalid_option", "no projection is named \"h.7.attn.c_attn\"");
}

TEST_CASE("lora: settings that make no sense") {
  const auto decoder = Decoder::create(tiny_llama(), 1);
  CHECK_ERROR(decoder->add_lora({0, 8, 0, {}}, 1), "invalid_option", "a LoRA rank must be between 1 and 1024, not 0");
  CHECK_ERROR(decoder->add_lora({1025, 8, 0, {}}, 1), "invalid_option", "not 1025");
  CHECK_ERROR(decoder->add_lora({4, 8, 1, {}}, 1), "invalid_option",
              "a LoRA dropout must be at least 0 and below 1, not 1");
  CHECK_FALSE(decoder->has_lora());
  decoder->add_lora({4, 8, 0, {}}, 1);
  CHECK_ERROR(decoder->add_lora({4, 8, 0, {}}, 1), "invalid_option",
              "this model has adapters already; merge them first");
}

TEST_CASE("lora: merged weights answer the same") {
  for (const ModelConfig& config : configs()) {
    const auto decoder = adapted(config);
    const std::vector<float> before = states(*decoder), plain = states(*Decoder::create(config, 1));
    CHECK(difference(before, plain) > 0.05);
    decoder->merge_lora();
    CHECK_FALSE(decoder->has_lora());
    CHECK(count(*decoder, "lora") == 0);
    CHECK(difference(states(*decoder), before) <= 2e-5);
    const TemporaryFolder folder;
    save_model(*decoder, {}, folder.path(), "ForCausalLM");
    CHECK(states(*Decoder::load(folder.path())) == states(*decoder));
  }
}

TEST_CASE("lora: merging into weights that lie in a file copies them") {
  const TemporaryFolder folder;
  save_model(*Decoder::create(tiny_llama(), 1), {}, folder.path(), "ForCausalLM");
  const std::string before = get(folder / "model.safetensors");
  const auto decoder = Decoder::load(folder.path());
  decoder->add_lora({2, 4, 0, {"q_proj"}}, 1);
  decoder->merge_lora();
  CHECK(get(folder / "model.safetensors") == before);
}

TEST_CASE("lora: saved and loaded, with a head") {
  for (const ModelConfig& config : configs())
    for (const std::vector<std::string>& targets :
         {std::vector<std::string>{}, std::vector<std::string>{config.family == "gpt2" ? "c_attn" : "v_proj"}}) {
      const TemporaryFolder folder;
      const auto decoder = adapted(config, targets);
      TinyHead head(48), other(48);
      save_adapter(*decoder, head.parameters(), folder.path(), "some/base", "SEQ_CLS");
      const nlohmann::json json = read_json_file(folder / "adapter_config.json");
      CHECK(json.at("peft_type") == "LORA");
      CHECK(json.at("r") == 4);
      CHECK(json.at("lora_alpha") == 8);
      CHECK(json.at("lora_dropout") == 0.2);
      CHECK(json.at("base_model_name_or_path") == "some/base");
      CHECK(json.at("task_type") == "SEQ_CLS");
      CHECK(json.at("modules_to_save") == nlohmann::json{"score"});
      CHECK(json.at("fan_in_fan_out") == (config.family == "gpt2"));
      CHECK(json.at("target_modules").size() ==
            (targets.empty() ? (config.family == "gpt2" ? 3 : 7) : 1));  // two are called c_proj
      const auto loaded = Decoder::create(config, 1);
      other.parameters()[0]->value.fill(0);
      load_adapter(*loaded, folder.path(), other.parameters());
      CHECK(states(*loaded) == states(*decoder));
      CHECK(loaded->lora().dropout == 0.2);
      CHECK(std::equal(other.parameters()[0]->value.values().begin(), other.parameters()[0]->value.values().end(),
                       head.parameters()[0]->value.data()));
    }
}

TEST_CASE("lora: adapters of a kind we do not have are refused by the setting's name") {
  const TemporaryFolder folder;
  save_adapter(*adapted(tiny_llama()), {}, folder.path(), "base", "CAUSAL_LM");
  const nlohmann::json good = read_json_file(folder / "adapter_config.json");
  const auto refused = [&](const char* key, const nlohmann::json& value) {
    nlohmann::json json = good;
    json[key] = value;
    put(folder / "adapter_config.json", json.dump());
    return error_of([&] { load_adapter(*Decoder::create(tiny_llama(), 1), folder.path()); });
  };
  const std::pair<const char*, nlohmann::json> settings[] = {{"peft_type", "IA3"},
                                                             {"bias", "all"},
                                                             {"use_dora", true},
                                                             {"use_rslora", true},
                                                             {"rank_pattern", {{"q_proj", 8}}},
                                                             {"alpha_pattern", {{"q_proj", 8}}},
                                                             {"layers_to_transform", {0, 1}},
                                                             {"exclude_modules", {"q_proj"}}};
  for (const auto& [key, value] : settings) {
    const std::string error = refused(key, value);
    INFO(error);
    CHECK(contains(error, "unsupported: "));
    CHECK(contains(error,
                   std::string("adapter_config.json: ") + key + " = " + value.dump() + " is not supported, only "));
  }
  CHECK(contains(refused("r", "four"), "malformed: "));
  CHECK(contains(refused("r", nullptr), "r must be a whole number, not missing"));
  CHECK(contains(refused("lora_dropout", 1.5), "a LoRA dropout must be at least 0 and below 1, not 1.5"));
  CHECK(contains(refused("target_modules", {1, 2}), "target_modules names projections, 1 is none"));
  CHECK(contains(refused("target_modules", {"c_attn"}), "no projection is named \"c_attn\""));
  CHECK(contains(refused("r", 8), "mismatch: "));  // the tensors have 4
  CHECK(contains(refused("r", 8), "q_proj.lora_A.weight is [4, 48], the configuration asks for [8, 48]"));
}

TEST_CASE("lora: an adapter of another base, and one without its tensors") {
  const TemporaryFolder folder;
  save_adapter(*adapted(tiny_llama(), {"q_proj"}), {}, folder.path(), "base", "CAUSAL_LM");
  CHECK_ERROR(load_adapter(*Decoder::create(tiny_gpt2(), 1), folder.path()), "invalid_option",
              "no projection is named \"q_proj\"");
  ModelConfig deeper = tiny_llama();
  deeper.layers = 3;
  CHECK_ERROR(load_adapter(*Decoder::create(deeper, 1), folder.path()), "not_found",
              "there is no tensor base_model.model.model.layers.2.self_attn.q_proj.lora_A.weight");
  TinyHead head(48);
  CHECK_ERROR(load_adapter(*Decoder::create(tiny_llama(), 1), folder.path(), head.parameters()), "not_found",
              "base_model.model.score.weight");
  std::filesystem::remove(folder / "adapter_config.json");
  CHECK_ERROR(load_adapter(*Decoder::create(tiny_llama(), 1), folder.path()), "not_found", "adapter_config.json");
}

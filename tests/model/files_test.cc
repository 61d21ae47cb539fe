// Models to folders and back.
#include "gpt/model/files.h"

#include <algorithm>
#include <set>

#include "support/errors.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

bool same_weights(const Decoder& a, const Decoder& b) {
  const auto pa = a.parameters(), pb = b.parameters();
  return std::equal(pa.begin(), pa.end(), pb.begin(), pb.end(), [](const Parameter* x, const Parameter* y) {
    return x->name == y->name && x->value.shape() == y->value.shape() &&
           std::equal(x->value.values().begin(), x->value.values().end(), y->value.data());
  });
}

}  // namespace

TEST_CASE("files: what is saved loads again, weight for weight") {
  for (const ModelConfig& config : tiny_configs()) {
    INFO(config.family);
    const TemporaryFolder folder;
    const auto original = Decoder::create(config, 4);
    TinyHead head(48);
    save_model(*original, head.parameters(), folder.path(), "ForSequenceClassification",
               {{"id2label", {{"0", "no"}, {"1", "yes"}}}, {"pad_token_id", 3}});
    const auto loaded = Decoder::load(folder.path());
    CHECK(same_weights(*original, *loaded));
    CHECK(loaded->config().pad == 3);
    ModelConfig expected = config;
    expected.pad = 3;
    CHECK(transformers_config(loaded->config(), "ForCausalLM") == transformers_config(expected, "ForCausalLM"));
    TinyHead other(48);
    other.parameters()[0]->value.fill(0);
    load_head(other.parameters(), folder.path());
    CHECK(std::equal(other.parameters()[0]->value.values().begin(), other.parameters()[0]->value.values().end(),
                     head.parameters()[0]->value.data()));
  }
}

TEST_CASE("files: config.json says what Transformers wants to know") {
  const auto class_of = [](const ModelConfig& c, const char* architecture) {
    return transformers_config(c, architecture).at("architectures").at(0).get<std::string>();
  };
  CHECK(class_of(tiny_gpt2(), "ForCausalLM") == "GPT2LMHeadModel");
  CHECK(class_of(tiny_gpt2(), "ForSequenceClassification") == "GPT2ForSequenceClassification");
  CHECK(class_of(tiny_gpt2(), "ForQuestionAnswering") == "GPT2ForQuestionAnswering");
  CHECK(class_of(tiny_llama(), "ForCausalLM") == "LlamaForCausalLM");
  CHECK(class_of(tiny_llama(), "ForSequenceClassification") == "LlamaForSequenceClassification");
  CHECK(class_of(tiny_llama(), "ForQuestionAnswering") == "LlamaForQuestionAnswering");
  const auto json = transformers_config(tiny_llama(), "ForCausalLM", {{"vocab_size", 5}, {"num_labels", 2}});
  CHECK(json.at("model_type") == "llama");
  CHECK(json.at("vocab_size") == 5);  // what is given on top wins
  CHECK(json.at("num_labels") == 2);
  CHECK_FALSE(json.contains("pad_token_id"));
}

TEST_CASE("files: weights bear the names of Transformers") {
  const auto names_of = [](const ModelConfig& config) {
    const auto decoder = Decoder::create(config, 1);
    std::set<std::string> names;
    for (const Parameter* p : decoder->parameters()) names.insert(p->name);
    return names;
  };
  const std::set<std::string> gpt2 = names_of(tiny_gpt2()), llama = names_of(tiny_llama());
  for (const char* name : {"transformer.wte.weight", "transformer.wpe.weight", "transformer.h.1.attn.c_attn.bias",
                           "transformer.h.0.mlp.c_proj.weight", "transformer.ln_f.bias"})
    CHECK(gpt2.count(name) == 1);
  CHECK(gpt2.count("lm_head.weight") == 0);  // tied
  for (const char* name : {"model.embed_tokens.weight", "model.layers.1.self_attn.k_proj.weight",
                           "model.layers.0.mlp.gate_proj.weight", "model.norm.weight", "lm_head.weight"})
    CHECK(llama.count(name) == 1);
}

TEST_CASE("files: a head's tensor that is not there, or of another shape") {
  const TemporaryFolder folder;
  TinyHead head(48), wide(50);
  const auto model = Decoder::create(tiny_gpt2(), 1);
  save_model(*model, {}, folder.path(), "ForCausalLM");
  CHECK_ERROR(load_head(head.parameters(), folder.path()), "not_found", "there is no tensor score.weight");
  save_model(*model, head.parameters(), folder.path(), "ForSequenceClassification");
  CHECK_ERROR(load_head(wide.parameters(), folder.path()), "mismatch",
              "score.weight is [3, 48], the configuration asks for [3, 50]");
}

TEST_CASE("files: adapters are not saved as a model") {
  const TemporaryFolder folder;
  const Model m = llama_adapters();
  CHECK_ERROR(save_model(*m.decoder, {}, folder.path(), "ForCausalLM"), "mismatch",
              "a model with adapters is saved as an adapter, or merged first");
}

TEST_CASE("files: loaded weights lie in the file until they train") {
  const TemporaryFolder folder;
  save_model(*Decoder::create(tiny_gpt2(), 1), {}, folder.path(), "ForCausalLM");
  const std::string before = get(folder / "model.safetensors");
  const auto loaded = Decoder::load(folder.path());
  CHECK_FALSE(loaded->parameters()[0]->value.writable());
  loaded->set_trainable(true);
  for (Parameter* p : loaded->parameters()) {
    CHECK(p->value.writable());
    p->value.fill(7);
  }
  CHECK(get(folder / "model.safetensors") == before);
}

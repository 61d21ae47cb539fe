// Models from one format to another and back.
#include "gpt/model/convert.h"

#include <algorithm>

#include "gpt/io/gguf.h"
#include "gpt/io/json.h"
#include "gpt/io/safetensors.h"
#include "gpt/model/files.h"
#include "gpt/text/tokenizer.h"
#include "support/errors.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"
#include "support/tiny_model.h"

using namespace gpt;
using namespace gpt::test;
namespace fs = std::filesystem;

namespace {

std::vector<ModelConfig> every_family() { return {tiny_gpt2(), tiny_llama()}; }

/// The model of a configuration as a folder.
std::unique_ptr<Decoder> saved(const ModelConfig& config, const fs::path& folder) {
  fs::create_directories(folder);
  auto decoder = Decoder::create(config, 4);
  Random random(3);
  for (Parameter* p : decoder->parameters())
    if (p->value.shape().rank == 1)
      for (float& value : p->value.values()) value += 0.1F * random.normal();
  save_model(*decoder, {}, folder, "ForCausalLM");
  return decoder;
}

void to_gguf(const fs::path& model, const fs::path& target, const GgufOptions& options) {
  AtomicFile file(target);
  convert_to_gguf(model, options, file);
  file.commit();
}

void to_folder(const fs::path& model, const fs::path& target, StoredType type) {
  AtomicFolder folder(target);
  convert_to_folder(model, type, folder);
  folder.commit();
}

/// The largest difference of two models' weights; their names and shapes must agree.
float difference(const Decoder& a, const Decoder& b) {
  const auto pa = a.parameters(), pb = b.parameters();
  REQUIRE(pa.size() == pb.size());
  float worst = 0;
  for (std::size_t i = 0; i < pa.size(); ++i) {
    REQUIRE(pa[i]->name == pb[i]->name);
    REQUIRE(pa[i]->value.shape() == pb[i]->value.shape());
    for (std::int64_t j = 0; j < pa[i]->value.size(); ++j)
      worst = std::max(worst, std::abs(pa[i]->value.data()[j] - pb[i]->value.data()[j]));
  }
  return worst;
}

}  // namespace

TEST_CASE("convert: to GGUF and back, no weight changes") {
  for (const ModelConfig& config : every_family()) {
    INFO(config.family);
    const TemporaryFolder folder;
    const auto original = saved(config, folder / "model");
    to_gguf(folder / "model", folder / "a.gguf", {StoredType::f32});
    const auto loaded = Decoder::load(folder / "a.gguf");
    CHECK(difference(*original, *loaded) == 0);
    to_folder(folder / "a.gguf", folder / "back", StoredType::f32);
    CHECK(difference(*original, *Decoder::load(folder / "back")) == 0);
    to_gguf(folder / "a.gguf", folder / "b.gguf", {StoredType::f32});
    CHECK(difference(*original, *Decoder::load(folder / "b.gguf")) == 0);
    const auto json = [](const ModelConfig& c) {  // without what a GGUF file does not say
      ModelConfig plain = c;
      plain.embedding_dropout = plain.residual_dropout = plain.attention_dropout = 0;
      return transformers_config(plain, "ForCausalLM");
    };
    CHECK(json(loaded->config()) == json(config));
    CHECK(json(Decoder::load(folder / "back")->config()) == json(config));
  }
}

TEST_CASE("convert: each type loses what its steps lose, and says itself") {
  for (ModelConfig config : every_family()) {
    config.hidden = 64;
    config.head_size = 16;
    config.intermediate = 128;
    config.initializer_range = 0.1;
    const TemporaryFolder folder;
    const auto original = saved(config, folder / "model");
    for (const auto& [type, worst] :
         {std::pair(StoredType::f16, 1e-3F), std::pair(StoredType::bf16, 2e-3F), std::pair(StoredType::q8_0, 5e-3F),
          std::pair(StoredType::q4_0, 0.1F), std::pair(StoredType::q4_1, 0.05F)}) {
      INFO(config.family << ' ' << stored_type_name(type));
      to_gguf(folder / "model", folder / "a.gguf", {type});
      const GgufFile file(folder / "a.gguf");
      CHECK(file.find("blk.0.attn_norm.weight")->type == StoredType::f32);
      CHECK(file.find("blk.1.ffn_down.weight")->type == type);
      const bool four_bits = type == StoredType::q4_0 || type == StoredType::q4_1;
      CHECK(file.find(config.tied_embeddings ? "token_embd.weight" : "output.weight")->type ==
            (four_bits ? StoredType::q8_0 : type));
      if (config.learned_positions) CHECK(file.find("position_embd.weight")->type == StoredType::f32);
      CHECK(file.find_integer("general.quantization_version").value_or(2) == 2);
      const float found = difference(*original, *Decoder::load(folder / "a.gguf"));
      CHECK(found > 0);
      CHECK(found < worst);
    }
  }
}

TEST_CASE("convert: rows that blocks do not fill become f16") {
  const TemporaryFolder folder;
  saved(tiny_llama(), folder / "model");  // hidden size 48
  to_gguf(folder / "model", folder / "a.gguf", {StoredType::q8_0});
  CHECK(GgufFile(folder / "a.gguf").find("blk.0.attn_q.weight")->type == StoredType::f16);
}

TEST_CASE("convert: a folder keeps its head, a GGUF file refuses it unless it is dropped") {
  const TemporaryFolder folder;
  const auto decoder = Decoder::create(tiny_gpt2(), 4);
  TinyHead head(48);
  save_model(*decoder, head.parameters(), folder.path(), "ForSequenceClassification", {{"id2label", {{"0", "no"}}}});
  put(folder / "gptask.json", "{}");
  to_folder(folder.path(), folder / "half", StoredType::bf16);
  const auto config = read_json_file(folder / "half" / "config.json");
  CHECK(config.at("dtype") == "bfloat16");
  CHECK(config.at("architectures") == nlohmann::json{"GPT2ForSequenceClassification"});
  CHECK(config.at("id2label").at("0") == "no");
  CHECK(fs::exists(folder / "half" / "gptask.json"));
  CHECK(verify_folder(folder / "half").complete);
  TinyHead other(48);
  load_head(other.parameters(), folder / "half");
  CHECK(other.parameters()[0]->value.data()[5] == Approx(head.parameters()[0]->value.data()[5]).epsilon(0.01));
  CHECK_ERROR(to_gguf(folder.path(), folder / "a.gguf", {}), "unsupported", "no place for: score.weight");
  CHECK_FALSE(fs::exists(folder / "a.gguf"));
  to_gguf(folder.path(), folder / "a.gguf", {StoredType::f32, true});
  CHECK(difference(*decoder, *Decoder::load(folder / "a.gguf")) == 0);
}

TEST_CASE("convert: the tokenizer and its chat template come along") {
  const TemporaryFolder folder;
  write_tiny_model(folder / "model");
  put(folder / "model" / "chat_template.jinja", "{{ messages }}");
  const auto original = Tokenizer::load(folder / "model");
  to_gguf(folder / "model", folder / "a.gguf", {StoredType::f32});
  const auto in_gguf = Tokenizer::load(folder / "a.gguf");
  to_folder(folder / "a.gguf", folder / "back", StoredType::f32);
  const auto back = Tokenizer::load(folder / "back");
  for (const auto& tokenizer : {in_gguf, back}) {
    for (const char* text : {"Hello, w\u00F6rld 123!\n", "a<|endoftext|>b<|extra|>"})
      CHECK(tokenizer->encode(text) == original->encode(text));
    CHECK(tokenizer->eos() == original->eos());
    CHECK(tokenizer->chat_template() == "{{ messages }}");
    CHECK(tokenizer->is_special(257));
  }
  CHECK(in_gguf->hash() == back->hash());
  CHECK(read_json_file(folder / "back" / "generation_config.json").at("eos_token_id") == 256);
}

TEST_CASE("convert: embeddings without a token are padded, tokens without an embedding refused") {
  const TemporaryFolder folder;
  ModelConfig config = tiny_llama();
  config.vocabulary = 260;
  saved(config, folder / "wide");
  write_tiny_tokenizer(folder / "wide");
  to_gguf(folder / "wide", folder / "a.gguf", {StoredType::f32});
  CHECK(GgufFile(folder / "a.gguf").find_strings("tokenizer.ggml.tokens")->back() == "[PAD259]");
  CHECK(GgufFile(folder / "a.gguf").find_integers("tokenizer.ggml.token_type")->back() == 5);
  saved(tiny_llama(), folder / "narrow");
  write_tiny_tokenizer(folder / "narrow");
  CHECK_ERROR(to_gguf(folder / "narrow", folder / "b.gguf", {}), "mismatch",
              "the tokenizer has 258 tokens, the model embeds only 120");
}

TEST_CASE("convert: what cannot be converted is named") {
  const TemporaryFolder folder;
  put(folder / "adapter_config.json", "{}");
  CHECK_ERROR(to_folder(folder.path(), folder / "x", StoredType::f32), "unsupported", "gptask merge");
  saved(tiny_llama(), folder / "model");
  CHECK_ERROR(to_folder(folder / "model", folder / "x", StoredType::q8_0), "invalid_option",
              "choose float32, bfloat16 or float16");
  CHECK_ERROR(to_gguf(folder / "model", folder / "a.gguf", {StoredType::q6_k}), "invalid_option",
              "choose f32, f16, bf16, q8_0, q4_0 or q4_1");
  CHECK_FALSE(fs::exists(folder / "x"));
  auto json = read_json_file(folder / "model" / "config.json");
  json["num_hidden_layers"] = 3;
  write_json_file(folder / "model" / "config.json", json);
  CHECK_ERROR(to_gguf(folder / "model", folder / "a.gguf", {}), "not_found",
              "there is no tensor model.layers.2.input_layernorm.weight");
}

TEST_CASE("convert: a model without its output projection makes no GGUF file") {
  const TemporaryFolder folder;
  ModelConfig config = tiny_llama();
  saved(config, folder / "model");
  const SafetensorsFile file(folder / "model" / "model.safetensors");
  std::vector<TensorToWrite> kept;
  for (const StoredTensor& tensor : file.tensors())
    if (tensor.name != "lm_head.weight")
      kept.push_back({tensor.name, StoredType::f32, tensor.shape, view_f32(tensor).data()});
  fs::create_directories(folder / "headless");
  write_safetensors(folder / "headless" / "model.safetensors", kept);
  fs::copy(folder / "model" / "config.json", folder / "headless" / "config.json");
  CHECK_ERROR(to_gguf(folder / "headless", folder / "a.gguf", {}), "unsupported",
              "without its output projection (lm_head.weight)");
}

// What config.json may not say, and files that do not keep what it says.
#include <nlohmann/json.hpp>

#include "gpt/io/weight_source.h"
#include "gpt/model/files.h"
#include "gpt/text/tokenizer.h"
#include "support/errors.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

Json gpt2_json() { return transformers_config(tiny_gpt2(), "ForCausalLM"); }
Json llama_json() { return transformers_config(tiny_llama(), "ForCausalLM"); }

/// "CODE: message" of loading a folder with this config.json and nothing else.
std::string refusal(const Json& json) {
  const TemporaryFolder folder;
  put(folder / "config.json", json.dump());
  return error_of([&] { Decoder::load(folder.path()); });
}

std::string refusal(Json json, const char* key, const Json& value) {
  json[key] = value;
  return refusal(json);
}

void check(const std::string& error, const std::string& code, const std::string& part) {
  INFO(error);
  CHECK(error.compare(0, code.size() + 2, code + ": ") == 0);
  CHECK(contains(error, part));
}

}  // namespace

TEST_CASE("config: no model, no JSON, no object") {
  const TemporaryFolder folder;
  CHECK_ERROR(Decoder::load(folder.path()), "not_found",
              "no model here; expected a .gguf file or a folder with config.json and model.safetensors");
  CHECK_ERROR(Decoder::load(folder / "nowhere"), "not_found", "nowhere: no model here");
  CHECK_ERROR(Decoder::load(folder / "missing.gguf"), "not_found", "missing.gguf");
  put(folder / "config.json", "{\"model_type\": ");
  CHECK_ERROR(Decoder::load(folder.path()), "malformed", "config.json");
  put(folder / "config.json", "[1, 2]");
  CHECK_ERROR(Decoder::load(folder.path()), "malformed", "config.json: expected an object");
}

TEST_CASE("config: an architecture or setting we do not have is named") {
  check(refusal(gpt2_json(), "model_type", "bert"), "unsupported",
        "the architecture \"bert\" is not supported; this build knows gpt2, llama, qwen2, qwen3, mistral, gpt_neox");
  check(refusal(gpt2_json(), "activation_function", "relu"), "unsupported",
        "config.json: activation_function = \"relu\" is not supported, only \"gelu\", \"gelu_new\", "
        "\"gelu_pytorch_tanh\", \"gelu_fast\"");
  check(refusal(gpt2_json(), "scale_attn_by_inverse_layer_idx", true), "unsupported",
        "scale_attn_by_inverse_layer_idx = true is not supported, only false");
  check(refusal(gpt2_json(), "add_cross_attention", true), "unsupported", "add_cross_attention");
}

TEST_CASE("config: keys that are missing, of another type or out of range") {
  for (const char* key : {"vocab_size", "n_embd", "n_layer", "n_head"}) {
    Json json = gpt2_json();
    json.erase(key);
    check(refusal(json), "malformed", "config.json: " + std::string(key) + " must be a whole number, not missing");
  }
  for (const char* key :
       {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"}) {
    Json json = llama_json();
    json.erase(key);
    check(refusal(json), "malformed", std::string(key) + " must be a whole number, not missing");
  }
  check(refusal(gpt2_json(), "n_layer", "three"), "malformed", "n_layer must be a whole number, not \"three\"");
  check(refusal(gpt2_json(), "n_layer", 2.5), "malformed", "n_layer must be a whole number, not 2.5");
  check(refusal(gpt2_json(), "n_layer", 0), "malformed", "n_layer must be between 1 and 2147483647, not 0");
  check(refusal(gpt2_json(), "n_embd", -48), "malformed", "n_embd must be between 1 and 2147483647, not -48");
  check(refusal(gpt2_json(), "vocab_size", 3000000000), "malformed", "vocab_size must be between");
  check(refusal(gpt2_json(), "layer_norm_epsilon", "small"), "malformed",
        "layer_norm_epsilon must be a number, not \"small\"");
  check(refusal(gpt2_json(), "layer_norm_epsilon", 0), "malformed", "epsilon must be positive, not 0");
  check(refusal(gpt2_json(), "tie_word_embeddings", "yes"), "malformed",
        "tie_word_embeddings must be true or false, not \"yes\"");
  check(refusal(gpt2_json(), "eos_token_id", "end"), "malformed", "eos_token_id must be a token id, not \"end\"");
  check(refusal(gpt2_json(), "model_type", 7), "malformed", "model_type must be a text, not 7");
  for (const char* key : {"attn_pdrop", "embd_pdrop", "resid_pdrop"})
    for (const double dropout : {-0.1, 1.0, 2.0})
      check(refusal(gpt2_json(), key, dropout), "malformed", "a dropout must be at least 0 and below 1");
}

TEST_CASE("config: sizes that do not fit together") {
  check(refusal(gpt2_json(), "n_embd", 50), "mismatch", "a hidden size of 50 does not divide into 4 heads");
  check(refusal(llama_json(), "num_key_value_heads", 3), "mismatch",
        "4 attention heads cannot share 3 key-value heads evenly");
  check(refusal(llama_json(), "head_dim", 11), "mismatch", "rotary positions need an even head size, not 11");
  ModelConfig c = tiny_gpt2();
  c.kv_heads = 3;
  CHECK_ERROR(Decoder::create(c, 1), "mismatch",
              "the configuration: 4 attention heads cannot share 3 key-value heads evenly");
}

TEST_CASE("config: what is optional has the defaults of Transformers") {
  const TemporaryFolder folder;
  const auto original = Decoder::create(tiny_gpt2(), 1);
  save_model(*original, {}, folder.path(), "ForCausalLM");
  Json json = gpt2_json();
  for (const char* key : {"layer_norm_epsilon", "attn_pdrop", "embd_pdrop", "resid_pdrop", "tie_word_embeddings",
                          "initializer_range", "activation_function"})
    json.erase(key);
  json["eos_token_id"] = {7, 8};
  json["bos_token_id"] = -1;
  json["pad_token_id"] = nullptr;
  put(folder / "config.json", json.dump());
  const auto loaded = Decoder::load(folder.path());
  const ModelConfig& c = loaded->config();
  CHECK(c.norm_epsilon == 1e-5);
  CHECK(c.attention_dropout == 0.1);
  CHECK(c.tied_embeddings);
  CHECK(c.eos == 7);
  CHECK_FALSE(c.bos);
  CHECK_FALSE(c.pad);
}

TEST_CASE("files: tensors that the configuration does not fit, by name") {
  const TemporaryFolder folder;
  save_model(*Decoder::create(tiny_gpt2(), 1), {}, folder.path(), "ForCausalLM");
  const auto with = [&](const char* key, const Json& value) {
    Json json = gpt2_json();
    json[key] = value;
    put(folder / "config.json", json.dump());
    return error_of([&] { Decoder::load(folder.path()); });
  };
  check(with("vocab_size", 121), "mismatch",
        "transformer.wte.weight is [120, 48], the configuration asks for [121, 48]");
  check(with("n_positions", 41), "mismatch", "transformer.wpe.weight is [40, 48], the configuration asks for [41, 48]");
  check(with("n_inner", 96), "mismatch",
        "transformer.h.0.mlp.c_fc.weight is [48, 104], the configuration asks for [48, 96]");
  check(with("n_layer", 3), "not_found",
        "there is no tensor transformer.h.2.ln_1.weight, which the configuration asks for");
  check(with("n_layer", 2147483647), "not_found", "transformer.h.2.ln_1.weight");
  check(with("n_inner", 2147483647), "mismatch", "the configuration asks for [48, 2147483647]");
  CHECK(with("n_layer", 1) == "no error");
  fs::resize_file(folder / "model.safetensors", fs::file_size(folder / "model.safetensors") - 4);
  check(with("n_layer", 2), "malformed", "model.safetensors");
  fs::remove(folder / "model.safetensors");
  check(with("n_layer", 2), "not_found", "model.safetensors");
}

TEST_CASE("files: a link to itself and a type that holds no numbers, with the path") {
  const TemporaryFolder folder;
  put(folder / "config.json", gpt2_json().dump());
  const std::string header =
      R"({"transformer.wte.weight":{"dtype":"F8_E4M3","shape":[120,48],"data_offsets":[0,5760]}})";
  std::string file(8, '\0');
  file[0] = static_cast<char>(header.size());
  put(folder / "model.safetensors", file + header + std::string(5760, '\0'));
  CHECK_ERROR(
      Decoder::load(folder.path()), "unsupported",
      "model.safetensors: tensor 'transformer.wte.weight' is stored as F8_E4M3, which cannot be read as numbers");
  for (const char* name : {"config.json", "tokenizer.json", "model.safetensors"}) {
    fs::remove(folder / name);
    fs::create_symlink(name, folder / name);
  }
  CHECK_ERROR(Decoder::load(folder.path()), "io", "config.json: Too many levels of symbolic links");
  CHECK_ERROR(Tokenizer::load(folder.path()), "io", "tokenizer.json: Too many levels of symbolic links");
  CHECK_ERROR(open_weights(folder.path()), "io", "model.safetensors: Too many levels of symbolic links");
}

TEST_CASE("files: a claimed context does not take memory") {
  const TemporaryFolder folder;
  save_model(*Decoder::create(tiny_llama(), 1), {}, folder.path(), "ForCausalLM");
  Json json = llama_json();
  json["max_position_embeddings"] = 2147483647;
  put(folder / "config.json", json.dump());
  CHECK(Decoder::load(folder.path())->config().context == 2147483647);
}

TEST_CASE("files: a model without its output projection loads, and says so when asked to predict") {
  const TemporaryFolder folder;
  save_model(*Decoder::create(tiny_llama(), 1), {}, folder.path(), "ForCausalLM");
  std::string bytes = get(folder / "model.safetensors");
  bytes.replace(bytes.find("lm_head.weight"), 14, "lm_hood.weight");
  put(folder / "model.safetensors", bytes);
  const auto loaded = Decoder::load(folder.path());
  CHECK_ERROR(loaded->output_projection(), "not_found",
              "this model was saved without its output projection (lm_head.weight): it cannot predict tokens");
}

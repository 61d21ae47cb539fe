// config.json and adapter_config.json as files that lie: cut, changed, too deep, too long, doubled.
#include <nlohmann/json.hpp>

#include "gpt/model/convert.h"
#include "gpt/model/files.h"
#include "support/errors.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

struct Case {
  const char* name;
  std::string content;
  const char* code;
  const char* message;
};

std::string config_text() { return transformers_config(tiny_llama(), "ForCausalLM").dump(); }

/// The configuration with another value for a key, as text.
std::string with(const char* key, const std::string& value) {
  auto json = transformers_config(tiny_llama(), "ForCausalLM");
  json[key] = "HERE";
  std::string text = json.dump();
  return text.replace(text.find("\"HERE\""), 6, value);
}

std::vector<Case> hostile_configs() {
  const std::string deep(200, '['), closed(200, ']');
  std::string zeros = "[0";
  for (int i = 0; i < 1 << 20; ++i) zeros += ",0";
  return {
      {"empty", "", "malformed", "line 1, column 1 (byte 0)"},
      {"a number", "7", "malformed", "expected an object"},
      {"a list", "[{}]", "malformed", "expected an object"},
      {"null", "null", "malformed", "expected an object"},
      {"two objects", "{}{}", "malformed", "line 1, column 3 (byte 2)"},
      {"bytes after the end", config_text() + "x", "malformed", "something follows the end of the value"},
      {"zero bytes", std::string(64, '\0'), "malformed", "(byte 0)"},
      {"deep", "{\"a\":" + deep + closed + "}", "malformed", "nested deeper than 100 levels"},
      {"deep and open", std::string(1'000'000, '['), "malformed", "(byte 100): nested deeper than 100 levels"},
      {"a million values", "{\"a\":" + zeros + "]}", "malformed", "a list of more than 1048576 values"},
      {"a name twice", "{\"vocab_size\": 120,\n \"vocab_size\": 7}", "malformed",
       "line 2, column 14 (byte 33): the name 'vocab_size' occurs twice in one object"},
      {"a name twice inside", with("x", "{\"a\":1,\"a\":2}"), "malformed", "the name 'a' occurs twice in one object"},
      {"no UTF-8", with("model_type", "\"\xff\xfe\""), "malformed", "ill-formed UTF-8 byte"},
      {"half a surrogate", with("model_type", "\"\\ud800\""), "malformed", "surrogate"},
      {"no family", "{}", "unsupported", "the architecture \"\" is not supported"},
      {"family null", with("model_type", "null"), "unsupported", "the architecture \"\""},
      {"family a list", with("model_type", "[\"llama\"]"), "malformed", "model_type must be a text"},
      {"size 2^64", with("vocab_size", "18446744073709551616"), "malformed", "vocab_size must be a whole number"},
      {"size 2^63", with("vocab_size", "9223372036854775808"), "malformed", "vocab_size must be"},
      {"size -2^63", with("hidden_size", "-9223372036854775808"), "malformed", "hidden_size must be between"},
      {"size 1e300", with("hidden_size", "1e300"), "malformed", "hidden_size must be a whole number, not 1e+300"},
      {"size 1e999", with("hidden_size", "1e999"), "malformed", "config.json: "},
      {"size a truth", with("num_hidden_layers", "true"), "malformed", "num_hidden_layers must be a whole number"},
      {"size in a list", with("num_attention_heads", "[4]"), "malformed", "num_attention_heads must be a whole number"},
      {"no heads", with("num_attention_heads", "0"), "malformed", "num_attention_heads must be between 1"},
      {"no key-value heads", with("num_key_value_heads", "0"), "malformed", "num_key_value_heads must be between 1"},
      {"more layers than weights", with("num_hidden_layers", "2147483647"), "not_found",
       "there is no tensor model.layers.2."},
      {"more tokens than weights", with("vocab_size", "2147483647"), "mismatch",
       "model.embed_tokens.weight is [120, 48], the configuration asks for [2147483647, 48]"},
      {"wider than weights", with("intermediate_size", "2147483647"), "mismatch", "asks for [2147483647, 48]"},
      {"epsilon 0", with("rms_norm_eps", "0"), "malformed", "epsilon must be positive"},
      {"epsilon negative", with("rms_norm_eps", "-1e-5"), "malformed", "epsilon must be positive"},
  };
}

/// The folder of a small Llama with its adapter.
struct Folder {
  Folder() {
    const auto decoder = Decoder::create(tiny_llama(), 1);
    save_model(*decoder, {}, folder.path(), "ForCausalLM");
    decoder->add_lora({2, 4, 0, {"q_proj", "v_proj"}}, 1);
    std::filesystem::create_directory(folder / "adapter");
    save_adapter(*decoder, {}, folder / "adapter", "base", "SEQ_CLS");
  }
  std::string load_config(const std::string& content) const {
    put(folder / "config.json", content);
    return error_of([&] { Decoder::load(folder.path()); });
  }
  std::string load_adapter_config(const std::string& content) const {
    put(folder / "adapter" / "adapter_config.json", content);
    const auto decoder = Decoder::create(tiny_llama(), 1);
    return error_of([&] { load_adapter(*decoder, folder / "adapter"); });
  }
  TemporaryFolder folder;
};

void check(const Case& hostile, const std::string& found, const char* file) {
  INFO(hostile.name << ": " << found);
  CHECK(found.rfind(std::string(hostile.code) + ": ", 0) == 0);
  CHECK(contains(found, hostile.message));
  if (std::string(hostile.code) == "malformed") CHECK(contains(found, file));
}

}  // namespace

TEST_CASE("hostile config.json files are refused") {
  const Folder model;
  for (const Case& hostile : hostile_configs()) check(hostile, model.load_config(hostile.content), "config.json");
}

TEST_CASE("hostile adapter_config.json files are refused") {
  const Folder model;
  const std::vector<Case> cases{
      {"empty", "", "malformed", "line 1, column 1 (byte 0)"},
      {"a list", "[]", "malformed", "expected an object"},
      {"deep", std::string(1000, '['), "malformed", "nested deeper"},
      {"a name twice", R"({"r": 2, "r": 3})", "malformed", "the name 'r' occurs twice"},
      {"no rank", R"({"peft_type": "LORA"})", "malformed", "r must be a whole number"},
      {"rank -1", R"({"peft_type": "LORA", "r": -1})", "malformed", "r must be between"},
      {"rank of 2^31", R"({"peft_type": "LORA", "r": 2147483647})", "invalid_option",
       "adapter_config.json: a LoRA rank must be between 1 and 1024"},
      {"another rank than the weights", R"({"peft_type": "LORA", "r": 9, "target_modules": ["q_proj", "v_proj"]})",
       "mismatch", "the configuration asks for"},
      {"targets numbers", R"({"peft_type": "LORA", "r": 2, "target_modules": [1]})", "malformed", "target_modules"},
      {"targets an object", R"({"peft_type": "LORA", "r": 2, "target_modules": {}})", "malformed", "target_modules"},
      {"another kind", R"({"peft_type": "IA3", "r": 2})", "unsupported", "IA3"},
      {"dropout 2", R"({"peft_type": "LORA", "r": 2, "lora_dropout": 2})", "invalid_option", "dropout"},
  };
  for (const Case& hostile : cases) check(hostile, model.load_adapter_config(hostile.content), "adapter_config.json");
}

TEST_CASE("a config.json or adapter_config.json cut at any byte is refused") {
  const Folder model;
  const std::string config = config_text(),
                    adapter = nlohmann::json::parse(get(model.folder / "adapter" / "adapter_config.json")).dump();
  REQUIRE(model.load_adapter_config(adapter) == "no error");
  for (std::size_t size = 0; size < adapter.size(); ++size) {
    const std::string found = model.load_adapter_config(adapter.substr(0, size));
    CHECK(contains(found, "malformed: "));
    CHECK(contains(found, "adapter_config.json: line 1, column "));
  }
  REQUIRE(model.load_config(config) == "no error");
  for (std::size_t size = 0; size < config.size(); ++size) {
    const std::string found = model.load_config(config.substr(0, size));
    CHECK(contains(found, "malformed: "));
    CHECK(contains(found, "config.json: line 1, column "));
  }
}

TEST_CASE("a config.json with any byte changed is read or refused, nothing else") {
  const Folder model;
  const std::string whole = config_text();
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int change : {1, 0x10, 0x80}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ change);
      CHECK_NOTHROW(model.load_config(changed));
    }
}

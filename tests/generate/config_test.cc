// generation_config.json.
#include "gpt/generate/config.h"

#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_folder.h"

using namespace gpt;
using namespace gpt::test;

TEST_CASE("generation_config.json goes before the defaults") {
  const TemporaryFolder folder;
  put(folder / "config.json", R"({"eos_token_id": [7, 8], "temperature": 9})");
  GenerateOptions mine;
  mine.max_new_tokens = 99;
  CHECK(*read_generation_config(folder.path(), mine).eos_token_id == std::vector<std::int32_t>{7, 8});
  CHECK(read_generation_config(folder.path(), mine).temperature == 1);
  put(folder / "generation_config.json", R"({"eos_token_id": 3, "do_sample": true, "temperature": 0.6, "top_p": 0.9,
    "top_k": 20, "min_p": null, "repetition_penalty": 1.1, "num_beams": 1, "early_stopping": "never",
    "stop_strings": "END", "bos_token_id": 1, "transformers_version": "5.0", "typical_p": 1.0, "suppress_tokens": []})");
  const GenerateOptions read = read_generation_config(folder.path(), mine);
  CHECK(*read.eos_token_id == std::vector<std::int32_t>{3});
  CHECK(read.do_sample);
  CHECK(read.temperature == 0.6);
  CHECK(read.top_k == 20);
  CHECK(read.top_p == 0.9);
  CHECK(read.min_p == 0);
  CHECK(read.repetition_penalty == 1.1);
  CHECK(read.early_stopping == EarlyStopping::never);
  CHECK(read.stop_strings == std::vector<std::string>{"END"});
  CHECK(read.max_new_tokens == 99);
  CHECK(read_generation_config(folder / "model.gguf", mine).max_new_tokens == 99);
}

TEST_CASE("a generation_config.json that cannot be followed is refused") {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& text) {
    put(folder / "generation_config.json", text);
    return read_generation_config(folder.path());
  };
  CHECK_ERROR(read(R"({"temperature": "hot"})"), "malformed", "temperature must be a number, not \"hot\"");
  CHECK_ERROR(read(R"({"top_k": 1.5})"), "malformed", "top_k must be a whole number, not 1.5");
  CHECK_ERROR(read(R"({"top_k": 99999999999})"), "malformed", "top_k must be a number of 32 bits");
  CHECK_ERROR(read(R"({"do_sample": 1})"), "malformed", "do_sample must be true or false");
  CHECK_ERROR(read(R"({"early_stopping": "soon"})"), "malformed", "early_stopping must be true, false or \"never\"");
  CHECK_ERROR(read(R"({"eos_token_id": ["x"]})"), "malformed", "eos_token_id must be a whole number");
  CHECK_ERROR(read(R"({"stop_strings": [1]})"), "malformed", "stop_strings must be a text");
  CHECK_ERROR(read(R"({"typical_p": 0.5})"), "unsupported", "typical_p = 0.5 is not supported");
  CHECK_ERROR(read(R"({"suppress_tokens": [1]})"), "unsupported", "suppress_tokens = [1]");
  CHECK_ERROR(read("[1]"), "malformed", "expected an object");
  CHECK_ERROR(read("{"), "malformed", "generation_config.json");
  CHECK_FALSE(read(R"({"do_sample": true, "temperature": 0})").do_sample);
}

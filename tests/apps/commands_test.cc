// inspect, tokenize, plugins, --help.
#include "apps/gptask.h"
#include "support/catch.h"

using namespace gptask::test;

TEST_CASE("every command explains itself with an example", "[apps]") {
  for (const char* command : {"finetune", "evaluate", "predict", "generate", "chat", "score", "inspect", "tokenize",
                              "convert", "merge", "plugins"}) {
    const auto outcome = run_gptask({command, "--help"});
    CHECK(outcome.code == 0);
    CHECK(outcome.out.find("Usage: gptask ") != std::string::npos);
    CHECK(outcome.out.find(std::string("Example:\n  gptask ") + command) != std::string::npos);
  }
  CHECK(run_gptask({"--help"}).code == 0);
  CHECK(run_gptask({}).code == 2);
  CHECK(run_gptask({"finetune", "sentiment", "--help"}).out.find("--text-column") != std::string::npos);
}

TEST_CASE("inspect shows configuration, tensors and tokenizer", "[apps]") {
  const Workspace work;
  const auto outcome = run_gptask({"inspect", work.path("model"), "--json"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json shown = Json::parse(outcome.out);
  CHECK(shown.at("configuration").at("model_type") == "llama");
  CHECK(shown.at("tokenizer").at("vocabulary") == 258);
  CHECK(shown.at("tensors").size() == shown.at("weights").at("tensors"));
  CHECK(run_gptask({"inspect", work.path("train.csv")}).code == 1);
}

TEST_CASE("tokenize shows ids, tokens and offsets", "[apps]") {
  const Workspace work;
  const auto outcome = run_gptask({"tokenize", "--model", work.path("model"), "--text", "h\xC3\xA9", "--json"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json shown = Json::parse(outcome.out);
  CHECK(shown.at("ids") == Json({104, 195, 169}));
  CHECK(shown.at("offsets") == Json({{0, 1}, {1, 2}, {1, 2}}));
  CHECK(run_gptask({"tokenize", "--model", work.path("model")}, "a\nb\n").out == "97:a\n98:b\n");
  CHECK(run_gptask({"tokenize", "--model", work.path("model"), "--decode", "--text", "[104, 195,169]"}).out ==
        "h\xC3\xA9\n");
  const auto wrong = run_gptask({"tokenize", "--model", work.path("model"), "--decode", "--text", "1 x"});
  CHECK_THAT(wrong.err, Catch::Contains("--decode: \"x\" is no token id"));
}

TEST_CASE("plugins lists tasks and reasons", "[apps]") {
  const Workspace work;
  put(work.scratch / "text.so", "no library");
  const auto outcome = run_gptask({"plugins", "--plugin", work.path("text.so")});
  CHECK(outcome.code == 0);
  CHECK(outcome.out.find("sentiment (version 1)") != std::string::npos);
  CHECK(outcome.out.find("text.so") != std::string::npos);
  const auto loading =
      run_gptask({"predict", "--model", work.path("model"), "--plugin", work.path("text.so"), "--text", "x"});
  CHECK(loading.code == 1);
}

TEST_CASE("convert writes folders and GGUF files, and says what it will not overwrite", "[apps]") {
  const Workspace work;
  const auto to_gguf =
      run_gptask({"convert", "--model", work.path("model"), "--output", work.path("a.gguf"), "--type", "Q8_0"});
  INFO(to_gguf.err);
  CHECK(to_gguf.code == 0);
  CHECK(to_gguf.out == "file: " + work.path("a.gguf") + "\n");
  const auto back = run_gptask(
      {"convert", "--model", work.path("a.gguf"), "--output-dir", work.path("back"), "--dtype", "bfloat16", "--json"});
  CHECK(Json::parse(back.out) == Json({{"output_dir", work.path("back")}}));
  CHECK(work.json("back/config.json").at("torch_dtype") == "bfloat16");
  CHECK(run_gptask({"tokenize", "--model", work.path("back")}, "ab\n").out == "97:a 98:b\n");

  const auto again = run_gptask({"convert", "--model", work.path("model"), "--output", work.path("a.gguf")});
  CHECK(again.code == 2);
  CHECK(again.err.find("exists already") != std::string::npos);
  CHECK(
      run_gptask({"convert", "--model", work.path("model"), "--output", work.path("a.gguf"), "--overwrite_output_dir"})
          .code == 0);
  CHECK(run_gptask({"convert", "--model", work.path("model")}).err.find("one of --output_dir") != std::string::npos);
  CHECK(run_gptask({"convert", "--model", work.path("model"), "--output", work.path("x.bin")})
            .err.find("should end in .gguf") != std::string::npos);
  CHECK(run_gptask({"convert", "--model", work.path("model"), "--output", work.path("x.gguf"), "--type", "Q9"}).code ==
        2);
  CHECK_FALSE(work.exists("x.gguf"));
}

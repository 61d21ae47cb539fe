// gptask generate and score: prompts, settings, results, errors.
#include "gpt/generate/generate.h"

#include <cmath>

#include "apps/gptask.h"
#include "gpt/core/random.h"
#include "gpt/generate/chat_template.h"
#include "gpt/generate/prompt_cache.h"
#include "gpt/generate/text_stream.h"
#include "gpt/model/lora.h"
#include "gptask/toolkit/language_model.h"
#include "support/catch.h"

using namespace gptask::test;

namespace {

using Strings = std::vector<std::string>;

/// A run that must succeed.
Outcome good(const Strings& arguments, const std::string& input = "") {
  const Outcome outcome = run_gptask(arguments, input);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  return outcome;
}

Strings generate(const Workspace& work, const Strings& more) {
  Strings arguments{"generate", "--model", work.path("model"), "--max-new-tokens", "12", "--threads", "2"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::vector<Json> lines(const std::string& text) {
  std::vector<Json> all;
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    all.push_back(Json::parse(text.substr(begin, end - begin)));
  return all;
}

void refuses(const Strings& arguments, int code, const std::string& part, const std::string& input = "") {
  const Outcome outcome = run_gptask(arguments, input);
  INFO(outcome.err);
  CHECK(outcome.code == code);
  CHECK(outcome.err.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("generate: a prompt from a flag, a file, standard input, or as ids", "[apps]") {
  const Workspace work;
  const auto found = lines(good(generate(work, {"--prompt", "ab", "--json"})).out);
  REQUIRE(found.size() == 1);
  CHECK(found[0].at("prompt") == "ab");
  CHECK(found[0].at("prompt_tokens") == 2);
  CHECK(found[0].at("tokens").size() == found[0].at("log_probabilities").size());
  CHECK(found[0].at("reason").is_string());
  const std::string plain = good(generate(work, {"--prompt", "ab"})).out;
  CHECK(plain == found[0].at("text").get<std::string>() + "\n");
  put(work.scratch / "prompt.txt", "ab\r\n");
  CHECK(good(generate(work, {"--prompt-file", work.path("prompt.txt")})).out == plain);
  CHECK(good(generate(work, {}), "ab\n").out == plain);
  CHECK(good(generate(work, {"--ids", "97, 98"})).out == plain);
  CHECK(good(generate(work, {"--ids", "[97,98]", "--echo"})).out == plain);
  CHECK(good(generate(work, {"--prompt", "ab", "--echo"})).out == "ab" + plain);
  CHECK(lines(good(generate(work, {"--prompt", "", "--json"})).out)[0].at("prompt_tokens") == 1);
}

TEST_CASE("generate: the same seed writes the same with any number of threads", "[apps]") {
  const Workspace work;
  const Strings sampled{"--prompt",      "ab",  "--prompt", "xyz", "--num-return-sequences", "3",
                        "--temperature", "1.5", "--seed"};
  const auto with = [&](const std::string& seed, const std::string& threads) {
    Strings all = sampled;
    all.insert(all.end(), {seed, "--threads", threads});
    return good(generate(work, all)).out;
  };
  const std::string one = with("5", "1");
  CHECK(one.find("--- prompt 2, continuation 3\n") != std::string::npos);
  CHECK(with("5", "2") == one);
  CHECK(with("5", "7") == one);
  CHECK(with("6", "1") != one);
}

TEST_CASE("generate: generation_config.json holds where no flag is given", "[apps]") {
  const Workspace work;
  put(work.scratch / "model/generation_config.json",
      R"({"max_new_tokens": 3, "eos_token_id": 257, "num_beams": 2, "num_return_sequences": 2})");
  const Strings bare{"generate", "--model", work.path("model"), "--prompt", "ab", "--json"};
  const auto found = lines(good(bare).out);
  REQUIRE(found.size() == 2);
  CHECK(found[0].at("tokens").size() == 3);
  CHECK(found[0].at("score") >= found[1].at("score"));
  Strings flags = bare;
  flags.insert(flags.end(), {"--max-new-tokens", "5", "--num-return-sequences", "1"});
  const auto other = lines(good(flags).out);
  REQUIRE(other.size() == 1);
  CHECK(other[0].at("tokens").size() == 5);
}

TEST_CASE("generate: stop strings and the likeliest tokens", "[apps]") {
  const Workspace work;
  const Strings base{"--prompt", "ab", "--json", "--temperature", "1", "--max-new-tokens", "50"};
  const auto with = [&](const Strings& more) {
    Strings all = base;
    all.insert(all.end(), more.begin(), more.end());
    return lines(good(generate(work, all)).out)[0];
  };
  const Json whole = with({"--top-log-probabilities", "3"});
  REQUIRE(whole.at("top_log_probabilities").size() == whole.at("tokens").size());
  CHECK(whole.at("top_log_probabilities")[0].size() == 3);
  const auto text = whole.at("text").get<std::string>();
  std::size_t letter = 0;
  while (letter < text.size() && !(text[letter] > ' ' && text[letter] < 127 && text[letter] != '\\')) ++letter;
  REQUIRE(letter < text.size());
  const Json cut = with({"--stop", "never there", "--stop", text.substr(letter, 1)});
  CHECK(cut.at("reason") == "stop_string");
  CHECK(cut.at("text") == text.substr(0, letter));
}

TEST_CASE("generate: an adapter writes what its base with the adapter folded in writes", "[apps]") {
  const Workspace work;
  const auto decoder = gpt::Decoder::load(work.path("model"));
  decoder->add_lora({4, 32, 0, {}}, 3);
  gpt::Random random(5);
  for (gpt::Parameter* p : decoder->parameters())
    if (p->name.find("lora_B") != std::string::npos)
      for (float& value : p->value.values()) value = random.normal();
  std::filesystem::create_directories(work.scratch / "adapter");
  gpt::save_adapter(*decoder, {}, work.scratch / "adapter", "model", "CAUSAL_LM");
  decoder->merge_lora();
  std::filesystem::create_directories(work.scratch / "merged");
  gpt::save_model(*decoder, {}, work.scratch / "merged", "ForCausalLM");
  write_tiny_tokenizer(work.scratch / "merged");
  const auto written = [&](const std::string& model) {
    return good({"generate", "--model", work.path(model), "--prompt", "ab", "--max-new-tokens", "20"}).out;
  };
  CHECK(written("adapter") == written("merged"));
  CHECK(written("adapter") != written("model"));
  std::filesystem::remove_all(work.scratch / "model");
  refuses({"generate", "--model", work.path("adapter"), "--prompt", "a"}, 1,
          "is an adapter for model, which is not there");
}

TEST_CASE("generate: a GGUF file without a tokenizer takes ids", "[apps]") {
  const Workspace work;
  std::filesystem::remove(work.scratch / "model/tokenizer.json");
  good({"convert", "--model", work.path("model"), "--output", work.path("ids.gguf"), "--type", "F32"});
  const auto ids = [&](const std::string& model) {
    return good({"generate", "--model", work.path(model), "--ids", "5 6 7", "--max-new-tokens", "8"}).out;
  };
  CHECK(ids("ids.gguf") == ids("model"));
  refuses({"generate", "--model", work.path("ids.gguf"), "--prompt", "x"}, 1, "no tokenizer there");
}

TEST_CASE("generate: what cannot be done is said", "[apps]") {
  const Workspace work;
  refuses({"generate", "--prompt", "x"}, 2, "--model is missing");
  refuses(generate(work, {"word"}), 2, "\"word\" is no option; give the text with --prompt");
  refuses(generate(work, {"--prompt", std::string(64, 'x')}), 2, "has 64 tokens; the model's context holds 64");
  refuses(generate(work, {"--ids", "7 x"}), 1, "--ids: \"x\" is no token id (the 2. of the list)");
  refuses(generate(work, {"--ids", "999"}), 1, "token 1 is 999, outside the model's vocabulary of 258");
  refuses(generate(work, {"--prompt", "x", "--top-k", "-1"}), 2, "--top_k must be between 0 and");
  refuses(generate(work, {"--prompt", "x", "--do-sample", "--num-beams", "2"}), 2, "do_sample with 2 beams");
  refuses(generate(work, {"--prompt", "x", "--early-stopping", "soon"}), 2, "--early_stopping must be true, false or");
  refuses(generate(work, {"--prompt", "x", "--apply-chat-template"}), 1, "no chat template; choose a kind (chatml,");
  refuses(generate(work, {"--prompt-file", work.path("nothing")}), 1, "nothing");
  refuses(generate(work, {}), 1, "standard input: byte 0xff at byte 1 is no UTF-8", "a\xFF");
  std::filesystem::remove(work.scratch / "model/tokenizer.json");
  refuses(generate(work, {"--prompt", "x"}), 1, "no tokenizer there");
  CHECK(good(generate(work, {"--ids", "97,98"})).out.find(' ') != std::string::npos);  // ids are shown
}

TEST_CASE("score: perplexity, bits for a byte, and a line a token", "[apps]") {
  const Workspace work;
  put(work.scratch / "text.txt", "h\xC3\xA9llo\tyou");
  const Strings base{"score", "--model", work.path("model"), "--file", work.path("text.txt")};
  const auto with = [&](Strings more) {
    more.insert(more.begin(), base.begin(), base.end());
    return good(more);
  };
  const Json found = Json::parse(with({"--json"}).out);
  CHECK(found.at("tokens") == 10);
  CHECK(found.at("scored_tokens") == 9);
  CHECK(found.at("scored_bytes") == 9);
  const auto total = found.at("log_probability").get<double>();
  double sum = 0;
  for (const Json& one : found.at("log_probabilities")) sum += one.get<double>();
  CHECK(sum == Approx(total));
  CHECK(found.at("perplexity").get<double>() == Approx(std::exp(-total / 9)));
  CHECK(found.at("bits_per_byte").get<double>() == Approx(-total / 9 / std::log(2.0)));
  const std::string shown = with({"--output", work.path("tokens.tsv")}).out;
  CHECK(shown.find("perplexity") != std::string::npos);
  const std::string table = get(work.scratch / "tokens.tsv");
  CHECK(table.rfind("position\tid\tlog_probability\ttoken\n0\t104\t\th\n1\t195\t-", 0) == 0);
  with({"--output", work.path("tokens.jsonl")});
  const auto tokens = lines(get(work.scratch / "tokens.jsonl"));
  REQUIRE(tokens.size() == 10);
  CHECK(tokens[0].at("log_probability").is_null());
  CHECK(tokens[9].at("token") == "u");
  put(work.scratch / "ids.txt", "104 195 169 108, 108 111 9 121 111 117\n");
  const Json ids =
      Json::parse(good({"score", "--model", work.path("model"), "--ids-file", work.path("ids.txt"), "--json"}).out);
  CHECK(ids.at("log_probability") == found.at("log_probability"));
  put(work.scratch / "long.txt", std::string(500, 'x'));
  const Json narrow = Json::parse(good({"score", "--model", work.path("model"), "--file", work.path("long.txt"),
                                        "--window", "32", "--stride", "8", "--json"})
                                      .out);
  CHECK(narrow.at("scored_tokens") == 499);
  CHECK(with({}).err.rfind("memory: about ", 0) == 0);
  const auto refused =
      run_gptask({"score", "--model", work.path("model"), "--text", "some words", "--memory-limit-mb", "1"});
  CHECK(refused.code == 1);
  CHECK(refused.err.find("Less is needed with a smaller --window, --precision int8") != std::string::npos);
}

TEST_CASE("score: what cannot be done is said", "[apps]") {
  const Workspace work;
  put(work.scratch / "one.txt", "x");
  const Strings base{"score", "--model", work.path("model")};
  const auto with = [&](Strings more) {
    more.insert(more.begin(), base.begin(), base.end());
    return more;
  };
  refuses({"score"}, 2, "--model is missing");
  refuses(base, 2, "which text? give one of --file, --text and --ids-file");
  refuses(with({"--text", "a", "--file", "b"}), 2, "which text?");
  refuses(with({"--file", work.path("one.txt")}), 2, "has 1 tokens; 2 are needed");
  refuses(with({"--text", "abc", "--window", "65"}), 2, "the window must be between 2 and 64");
  refuses(with({"--text", "abc", "--stride", "64"}), 2, "the stride must be between 1 and 63");
  refuses(with({"--ids-file", work.path("train.csv")}), 1, "is no token id");
}

TEST_CASE("inspect draws attention and next tokens", "[apps]") {
  const Workspace work;
  const Strings base{"inspect", work.path("model"), "--output", work.path("picture.svg")};
  const auto with = [&](Strings more) {
    more.insert(more.begin(), base.begin(), base.end());
    return more;
  };
  const Json one = Json::parse(good(with({"--attention", "a <b", "--layer", "1", "--head", "2", "--json"})).out);
  CHECK(one.at("tokens") == Json({"a", "\xC2\xB7", "<", "b"}));
  REQUIRE(one.at("weights").at("2").size() == 4);
  CHECK(one.at("weights").at("2")[0] == Json({1.0}));
  std::string picture = get(work.scratch / "picture.svg");
  CHECK(picture.rfind("<svg xmlns=\"http://www.w3.org/2000/svg\"", 0) == 0);
  CHECK(picture.find("Attention of layer 1, head 2") != std::string::npos);
  CHECK(picture.find("&lt;</text>") != std::string::npos);
  good(with({"--attention", "some words"}));
  picture = get(work.scratch / "picture.svg");
  CHECK(picture.find(">head 3</text>") != std::string::npos);
  const Json next = Json::parse(good(with({"--next-token", "ab", "--top", "4", "--json"})).out);
  REQUIRE(next.at("next_tokens").size() == 4);
  CHECK(next.at("next_tokens")[0].at("probability") >= next.at("next_tokens")[1].at("probability"));
  CHECK(get(work.scratch / "picture.svg").find("After &quot;ab&quot;") != std::string::npos);

  refuses({"inspect", work.path("model"), "--attention", "x"}, 2, "--output is missing");
  refuses(with({"--attention", "x", "--next-token", "y"}), 2, "ask for one");
  refuses(with({"--attention", "x", "--layer", "2"}), 2, "--layer must be between 0 and 1, not 2");
  refuses(with({"--attention", "x", "--head", "4"}), 2, "--head must be between 0 and 3, not 4");
  refuses(with({"--attention", ""}), 2, "attention is shown of 1 to 64 tokens");
  refuses(with({"--next-token", "x", "--top", "0"}), 2, "--top must be between 1 and 100");
}

TEST_CASE("the program of docs/generation.md", "[apps]") {
  const Workspace work;
  put(work.scratch / "model/chat_template.jinja", "{{ messages[0].content }}{{ messages[0].role }}");
  std::string shown;
  gpt::Threads threads(1);
  const gptask::LanguageModel model = gptask::load_language_model(work.path("model"), threads);
  const auto chat = gpt::ChatTemplate::of(*model.tokenizer);
  gpt::PromptCache cache(model.decoder->config());
  std::vector<gpt::ChatMessage> talk{{"user", "What is gravity?"}};
  const auto prompt = model.tokenizer->encode(chat.render(talk, true));
  gpt::TextStream text(*model.tokenizer, prompt);
  gpt::GenerateCallbacks callbacks;
  callbacks.token = [&](std::size_t, std::int32_t token) { shown += text.push(token); };
  const gpt::Generation answer = gpt::generate(*model.decoder, prompt, model.options, threads, callbacks, cache);
  shown += text.finish();
  CHECK(prompt.size() == 20);
  CHECK_FALSE(answer.tokens.empty());
  CHECK(good({"generate", "--model", work.path("model"), "--prompt", "What is gravity?user", "--max-new-tokens", "20"})
            .out == shown + "\n");
}

TEST_CASE("generate: keys and values in fewer bits, and what does not fit into memory", "[apps]") {
  const Workspace work;
  const std::string whole = good(generate(work, {"--prompt", "ab", "--max-new-tokens", "6"})).out;
  for (const char* type : {"float32", "bfloat16", "int8"}) {
    const std::string text =
        good(generate(work, {"--prompt", "ab", "--max-new-tokens", "6", "--kv-cache-dtype", type})).out;
    if (std::string(type) == "float32") CHECK(text == whole);
    CHECK_FALSE(text.empty());
  }
  const auto unknown = run_gptask(generate(work, {"--prompt", "ab", "--kv-cache-dtype", "fp8"}));
  CHECK(unknown.code == 2);
  CHECK(unknown.err.find("float32") != std::string::npos);
  CHECK(good(generate(work, {"--prompt", "ab"})).err.rfind("memory: about ", 0) == 0);
  const auto refused = run_gptask(generate(work, {"--prompt", "ab", "--memory-limit-mb", "1"}));
  CHECK(refused.code == 1);
  CHECK(refused.err.find("Less is needed with a smaller --batch_size (now 8), --max_new_tokens (now ") !=
        std::string::npos);
}

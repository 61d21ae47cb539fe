// Reading, saving and reading back.
#include "gpt/core/error.h"
#include "gpt/text/tokenizer.h"
#include "support/catch.h"
#include "support/errors.h"
#include "text/tiny_tokenizer.h"

using gpt::test::get;
using gpt::test::put;
using gpt::test::TemporaryFolder;
using gpt::test::tiny_tokenizer;
using Ids = std::vector<std::int32_t>;

namespace {

/// The tiny tokenizer as vocab.json and merges.txt.
void write_vocab_and_merges(const TemporaryFolder& folder) {
  nlohmann::json json = tiny_tokenizer();
  json["model"]["vocab"]["<|endoftext|>"] = 262;
  put(folder / "vocab.json", json["model"]["vocab"].dump());
  std::string merges = "#version: 0.2\r\n";
  for (const auto& merge : json["model"]["merges"]) merges += merge.get<std::string>() + "\r\n";
  put(folder / "merges.txt", merges);
}

}  // namespace

TEST_CASE("a saved tokenizer.json is the original text", "[text]") {
  const TemporaryFolder folder, copy;
  const std::string text = tiny_tokenizer().dump(3);
  put(folder / "tokenizer.json", text);
  put(folder / "tokenizer_config.json",
      R"({"eos_token": {"content": "<|endoftext|>"}, "chat_template": "{{ x }}", "model_max_length": 99, "extra": 1})");
  const auto tokenizer = gpt::Tokenizer::load(folder.path());
  tokenizer->save(copy.path());
  CHECK(get(copy / "tokenizer.json") == text);
  CHECK(get(copy / "tokenizer_config.json") == get(folder / "tokenizer_config.json"));
  const auto again = gpt::Tokenizer::load(copy.path());
  CHECK(again->hash() == tokenizer->hash());
  CHECK(again->eos() == 262);
  CHECK(again->bos() == std::nullopt);
  CHECK(again->chat_template() == "{{ x }}");
}

TEST_CASE("vocab.json and merges.txt become a tokenizer.json", "[text]") {
  const TemporaryFolder folder, copy;
  write_vocab_and_merges(folder);
  const auto tokenizer = gpt::Tokenizer::load(folder.path());
  CHECK(tokenizer->encode("hello<|endoftext|>") == Ids{259, 262});
  CHECK(tokenizer->eos() == 262);
  CHECK(tokenizer->is_special(262));
  tokenizer->save(copy.path());
  const auto json = nlohmann::json::parse(get(copy / "tokenizer.json"));
  CHECK(json["model"]["merges"][1] == "h e");
  const auto config = nlohmann::json::parse(get(copy / "tokenizer_config.json"));
  CHECK(config["tokenizer_class"] == "PreTrainedTokenizerFast");
  CHECK(config["eos_token"] == "<|endoftext|>");
  const auto again = gpt::Tokenizer::load(copy.path());
  CHECK(again->hash() == tokenizer->hash());
  CHECK(again->encode(" world hello") == tokenizer->encode(" world hello"));
}

TEST_CASE("a merge of another tokenizer names merges.txt", "[text]") {
  const TemporaryFolder folder;
  write_vocab_and_merges(folder);
  gpt::test::put(folder / "merges.txt", "#version: 0.2\nh e\nq q\n");
  CHECK_ERROR(gpt::Tokenizer::load(folder.path()), "malformed",
              "merges.txt: merge 1 ('q' with 'q') needs the token 'qq'");
}

TEST_CASE("the configuration beside vocab.json names the class and added tokens", "[text]") {
  const TemporaryFolder folder;
  write_vocab_and_merges(folder);
  const auto with = [&folder](const std::string& config) {
    put(folder / "tokenizer_config.json", config);
    return gpt::Tokenizer::load(folder.path());
  };
  const std::string added = R"("added_tokens_decoder": {"263": {"content": "<x>", "special": true}})";
  const auto tokenizer = with(R"({"tokenizer_class": "Qwen2Tokenizer", )" + added + "}");
  CHECK(tokenizer->encode("e\u0301<x>") == Ids{0xC3, 0xA9, 263});
  CHECK(tokenizer->is_special(263));
  CHECK(with(R"({"add_prefix_space": true})")->encode("world") == Ids{260, 261, 'l', 'd'});
  CHECK_THROWS_WITH(with(R"({"tokenizer_class": "CLIPTokenizer"})"),
                    Catch::Contains("of a CLIPTokenizer are not supported"));
  CHECK_THROWS_WITH(with(R"({"added_tokens_decoder": {"x": {}}})"), Catch::Contains("'x' is no id"));
}

TEST_CASE("the chat template's own file wins and is saved", "[text]") {
  const TemporaryFolder folder, copy;
  put(folder / "tokenizer.json", tiny_tokenizer().dump());
  put(folder / "tokenizer_config.json",
      R"({"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]})");
  CHECK(gpt::Tokenizer::load(folder.path())->chat_template() == "d");
  put(folder / "chat_template.jinja", "own {{ file }}\n");
  const auto tokenizer = gpt::Tokenizer::load(folder.path());
  CHECK(tokenizer->chat_template() == "own {{ file }}\n");
  tokenizer->save(copy.path());
  CHECK(gpt::Tokenizer::load(copy.path())->chat_template() == tokenizer->chat_template());
}

TEST_CASE("the hash tells tokenizers apart and sees through spellings", "[text]") {
  const auto hash_of = [](const nlohmann::json& json) {
    const TemporaryFolder folder;
    put(folder / "tokenizer.json", json.dump());
    return gpt::Tokenizer::load(folder / "tokenizer.json")->hash();
  };
  const nlohmann::json original = tiny_tokenizer();
  nlohmann::json pairs = original;
  for (auto& merge : pairs["model"]["merges"]) {
    const auto text = merge.get<std::string>();
    const auto space = text.find(' ');
    merge = {text.substr(0, space), text.substr(space + 1)};
  }
  CHECK(hash_of(pairs) == hash_of(original));
  nlohmann::json other = original;
  std::swap(other["model"]["merges"][0], other["model"]["merges"][1]);
  CHECK(hash_of(other) != hash_of(original));
  other = original;
  other["added_tokens"][0]["lstrip"] = true;
  CHECK(hash_of(other) != hash_of(original));
}

TEST_CASE("a special token whose name the normalizer changes stays in the text, as in the tokenizers library",
          "[text]") {
  const TemporaryFolder folder;
  nlohmann::json json = tiny_tokenizer();
  json["normalizer"] = {{"type", "Lowercase"}};
  for (const auto& [id, content, normalized] : {std::tuple(263, "[END]", true), std::tuple(264, "[RAW]", false)})
    json["added_tokens"].push_back({{"id", id},
                                    {"content", content},
                                    {"single_word", false},
                                    {"lstrip", false},
                                    {"rstrip", false},
                                    {"normalized", normalized},
                                    {"special", true}});
  put(folder / "tokenizer.json", json.dump());
  const auto tokenizer = gpt::Tokenizer::load(folder.path());
  CHECK(tokenizer->encode("A[End][RAW]b") == Ids{'a', 263, 264, 'b'});
  CHECK(tokenizer->decode(Ids{'a', 263, 264, 'b'}, true) == "a[end]b");
  CHECK(tokenizer->is_special(263));
}

TEST_CASE("added tokens obey their flags", "[text]") {
  nlohmann::json json = tiny_tokenizer();
  const auto add = [&json](const std::string& content, const std::string& flag) {
    nlohmann::json token = {{"id", 262 + json["added_tokens"].size()}, {"content", content}, {"normalized", false}};
    if (!flag.empty()) token[flag] = true;
    json["added_tokens"].push_back(token);
  };
  add("<l>", "lstrip");
  add("<r>", "rstrip");
  add("one", "single_word");
  add("<l>x", "");
  const TemporaryFolder folder;
  put(folder / "tokenizer.json", json.dump());
  const auto tokenizer = gpt::Tokenizer::load(folder.path());
  CHECK(tokenizer->encode("a <l> b") == Ids{'a', 263, ' ', 'b'});
  CHECK(tokenizer->encode("a <r> b") == Ids{'a', ' ', 264, 'b'});
  CHECK(tokenizer->encode("one,one") == Ids{265, ',', 265});
  CHECK(tokenizer->encode("ones") == Ids{'o', 'n', 'e', 's'});
  CHECK(tokenizer->encode("<l>x") == Ids{266});
  const gpt::Encoding encoding = tokenizer->encode_with_offsets("a <l> b");
  CHECK(encoding.bytes[1] == gpt::Range{1, 5});
}

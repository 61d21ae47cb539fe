// Trained tokenizers against those of the tokenizers library (tests/parity/bpe_trainer.py made the cases).
#include "gpt/text/bpe_trainer.h"

#include <nlohmann/json.hpp>

#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_folder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

std::string case_text(const std::string& name) {
  return get(std::filesystem::path(GPTASK_SOURCE_DIR) / "tests/text/bpe_cases" / name);
}

/// Lines with their ends, one text each.
void add_lines(BpeTrainer& trainer, std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    trainer.add(text.substr(0, size));
    text.remove_prefix(size);
  }
}

/// {"tokens": by id, "merges": pairs} of what save() writes.
nlohmann::json saved(const Tokenizer& tokenizer) {
  const TemporaryFolder folder;
  tokenizer.save(folder.path());
  const nlohmann::json json = nlohmann::json::parse(get(folder / "tokenizer.json"));
  nlohmann::json result{{"tokens", nlohmann::json::array()}, {"merges", nlohmann::json::array()}};
  for (std::size_t id = 0; id < tokenizer.vocabulary_size(); ++id)
    result["tokens"].push_back(tokenizer.token(static_cast<std::int32_t>(id)));
  for (const auto& merge : json["model"]["merges"]) {
    const auto text = merge.get<std::string>();
    const std::size_t space = text.find(' ');
    result["merges"].push_back({text.substr(0, space), text.substr(space + 1)});
  }
  return result;
}

}  // namespace

TEST_CASE("bpe trainer: tokens and merges of the tokenizers library, ties included") {
  for (const char* name : {"prose", "ties", "mixed"}) {
    INFO(name);
    const nlohmann::json expected = nlohmann::json::parse(case_text(std::string(name) + ".json"));
    BpeTrainerOptions options;
    options.vocabulary = expected["vocabulary"].get<std::int64_t>();
    options.min_frequency = expected["min_frequency"].get<std::int64_t>();
    options.special_tokens = expected["special_tokens"].get<std::vector<std::string>>();
    BpeTrainer trainer(options);
    add_lines(trainer, case_text(std::string(name) + ".txt"));
    const nlohmann::json found = saved(*trainer.train());
    CHECK(found["tokens"] == expected["tokens"]);
    CHECK(found["merges"] == expected["merges"]);
  }
}

TEST_CASE("bpe trainer: counts words and reads its tokenizer back") {
  BpeTrainer trainer({300, 0, {"<|endoftext|>", "<|pad|>"}, "<|pad|>", false});
  add_lines(trainer, "low lower lowest\nlow low\n");
  trainer.add("");
  CHECK(trainer.words() == 7);            // the line ends too
  CHECK(trainer.different_words() == 5);  // "low" and " low" are two
  const auto tokenizer = trainer.train();
  const TemporaryFolder folder;
  tokenizer->save(folder.path());
  const auto read = Tokenizer::load(folder.path());
  CHECK(read->hash() == tokenizer->hash());
  CHECK(read->eos() == 0);
  CHECK(read->pad() == 1);
  const std::string text = "lower\n\xF0\x9F\x99\x82 caf\xC3\xA9<|endoftext|>";
  CHECK(read->encode(text) == tokenizer->encode(text));
  CHECK(read->decode(read->encode(text)) == text);
  CHECK(read->encode("low").size() == 1);
  CHECK(read->vocabulary_size() < 300);  // the text has no more pairs
}

TEST_CASE("bpe trainer: bytes that are no UTF-8 are read as U+FFFD") {
  BpeTrainer one({300, 0, {}, "", false}), other({300, 0, {}, "", false});
  one.add(
      "a\xFF"
      "b");
  other.add(
      "a\xEF\xBF\xBD"
      "b");
  CHECK(one.train()->hash() == other.train()->hash());
}

TEST_CASE("bpe trainer: options that make no sense") {
  const auto refused = [](BpeTrainerOptions options, const std::string& message) {
    CHECK_ERROR(BpeTrainer(std::move(options)), "invalid_option", message);
  };
  refused({256, 0, {"<|endoftext|>"}, "", false}, "a vocabulary of 256 is not possible: it takes at least 257");
  refused({300, -1, {}, "", false}, "least frequency must be at least 0, not -1");
  refused({300, 0, {""}, "", false}, "at least one character");
  refused({300, 0, {"<s>"}, "<pad>", false}, "the pad token \"<pad>\" is none of the special tokens <s>");
}

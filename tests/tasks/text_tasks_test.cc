// Summarization and translation: prompts, files, scores.
#include <nlohmann/json.hpp>

#include "gptask/summarization/task.h"
#include "gptask/translation/task.h"
#include "support/catch.h"
#include "support/errors.h"
#include "tasks/bench.h"

namespace {

using gpt::Purpose;
using gpt::test::configure;
using gpt::test::Given;
using gpt::test::put;
using gptask::TextData;
using Json = nlohmann::ordered_json;

/// A text as the model would write it.
template <typename Bench>
std::vector<float> written(const Bench& bench, const std::string& text) {
  const std::vector<std::int32_t> ids = bench.tokenizer.encode(text, false);
  return {ids.begin(), ids.end()};
}

using Summaries = gpt::test::BenchOf<gptask::SummarizationTask, TextData>;
using Translations = gpt::test::BenchOf<gptask::TranslationTask, TextData>;

}  // namespace

TEST_CASE("summarization: prompt, target and end; the loss is on the target") {
  Summaries bench;
  const auto data = bench.read("a.csv", "dialogue,summary\nOne two .,Short .\n", Purpose::train);
  CHECK(bench.tokens(*data, 0) == "One two . / / Summary: Short . <end>");
  CHECK(data->examples[0].target.loss_from == 6);
  CHECK(data->text(0) == "One two .\n\nSummary:");
  CHECK(data->answer(0) == "Short .");
  const auto open = bench.read("b.csv", "dialogue\nOne two .\n", Purpose::predict);
  CHECK(bench.tokens(*open, 0) == "One two . / / Summary:");
  CHECK(open->examples[0].target.loss_from == 6);
}

TEST_CASE("summarization: templates, long sources and long targets") {
  Summaries bench(
      {{"prompt_template", "Read: {source}\\nTL;DR"}, {"max_source_length", "2"}, {"max_target_length", "3"}});
  const auto data = bench.read("a.csv", "text,summary\na b c,one two three four\nd,e\n", Purpose::train);
  CHECK(bench.tokens(*data, 0) == "Read: a b / TL;DR one two <end>");
  CHECK(bench.tokens(*data, 1) == "Read: d / TL;DR e <end>");
  CHECK(data->truncated.at("source longer than 2 tokens (--max_source_length)") == 1);
  CHECK(data->truncated.at("target longer than 3 tokens (--max_target_length)") == 1);
  CHECK(data->text(0) == "Read: a b c\nTL;DR");
  CHECK(bench.read("a.csv", "text,summary\na,b\nc,d\ne\n", Purpose::train, 400, 2)->examples.size() == 2);
  Summaries any({{"max_source_length", "0"}, {"max_target_length", "3"}});
  CHECK(any.read("a.csv", "text,summary\na b c d,e\n", Purpose::train, 7)->truncated.begin().key() ==
        "source longer than 1 tokens (what --max_seq_length leaves beside the target)");
  CHECK(bench.task.generation()->max_new_tokens == 3);
  CHECK_ERROR(bench.read("a.csv", "text,summary\na,b\n", Purpose::train, 6), "invalid_option",
              "--max_seq_length 6 leaves no room for a source beside a template of 3 tokens and --max_target_length 3");
  configure(bench.task, {{"prompt_template", "no place"}});
  CHECK_ERROR(bench.read("a.csv", "text,summary\na,b\n", Purpose::train), "invalid_option", "has no {source}");
}

TEST_CASE("summarization: several references, lists of sentences") {
  Summaries bench(Given{{"target_column", "s1,s2"}});
  const auto data = bench.read("a.jsonl",
                               R"({"text": ["One .", "Two ."], "s1": "x", "s2": "y"})"
                               "\n",
                               Purpose::evaluate);
  CHECK(data->source_text(0) == "One . Two .");
  CHECK(data->references(0) == std::vector<std::string>{"x", "y"});
  Summaries lists;
  const auto more = lists.read("a.jsonl",
                               R"({"source": "S", "target": ["x", "y"]})"
                               "\n",
                               Purpose::evaluate);
  CHECK(more->references(0) == std::vector<std::string>{"x", "y"});
}

TEST_CASE("summarization: what was written is scored and kept, beside trivial answers") {
  Summaries bench;
  const auto data = bench.read("a.csv", "text,summary\nThe cat sat . It slept .,the cat sat\nDogs bark .,dogs bark\n",
                               Purpose::evaluate);
  const std::vector<std::vector<float>> outputs{written(bench, "the cat sat"), written(bench, "cats \n meow")};
  const gpt::Evaluation evaluation = bench.task.evaluate(*data, outputs);
  CHECK(evaluation.metrics.at("rouge1") == Approx(50.0));
  CHECK(evaluation.files[0].name == "generated_predictions.txt");
  CHECK(evaluation.files[0].content == "the cat sat\ncats / meow\n");
  CHECK(evaluation.files[1].name == "generated_predictions.jsonl");
  REQUIRE(evaluation.baselines.size() == 2);
  CHECK(evaluation.baselines[0].name == "the first three sentences");
  CHECK(evaluation.rows[1].at("answer") == "cats / meow");
  CHECK(bench.task.answer(*data, 0, outputs[0]).at("answer") == "the cat sat");
}

TEST_CASE("translation: languages name template, columns and files") {
  Translations bench(Given{{"source_lang", "en"}, {"target_lang", "de"}});
  const auto table = bench.read("a.csv", "de,en\nEin Hund,A dog\n", Purpose::train);
  CHECK(bench.tokens(*table, 0) == "English: A dog / German: Ein Hund <end>");
  const auto pairs = bench.read("a.jsonl",
                                R"({"translation": {"en": "A dog", "de": "Ein Hund"}})"
                                "\n",
                                Purpose::train);
  CHECK(bench.tokens(*pairs, 0) == "English: A dog / German: Ein Hund <end>");
  put(bench.folder / "train.de", "Ein Hund\nZwei\n");
  const auto lines = bench.read("train.en", "A dog\nTwo\n", Purpose::train);
  CHECK(bench.tokens(*lines, 1) == "English: Two / German: Zwei <end>");
  CHECK(lines->examples.size() == 2);
  const auto open = bench.read("test.en", "A dog\n", Purpose::predict);
  CHECK(bench.tokens(*open, 0) == "English: A dog / German:");
  CHECK_ERROR(bench.read("other.en", "A dog\n", Purpose::train), "not_found", "it should hold the translations of");
  put(bench.folder / "short.de", "Ein Hund\n");
  CHECK_ERROR(bench.read("short.en", "A dog\nTwo\n", Purpose::train), "mismatch", "");
}

TEST_CASE("translation: scores, signatures, and the source as it stands") {
  Translations bench(Given{{"source_lang", "en"}, {"target_lang", "de"}});
  const auto data = bench.read("a.csv", "en,de\nA dog runs here,Ein Hund rennt hier\n", Purpose::evaluate);
  const std::vector<std::vector<float>> outputs{written(bench, "Ein Hund rennt hier")};
  const gpt::Evaluation evaluation = bench.task.evaluate(*data, outputs);
  CHECK(evaluation.metrics.at("bleu") == Approx(100.0));
  CHECK(evaluation.metrics.at("ter") == Approx(0.0));
  CHECK(evaluation.baselines[0].name == "the source as it stands");
  CHECK(evaluation.details.at("signatures").at("bleu").get<std::string>().find("tok:13a") != std::string::npos);
}

TEST_CASE("text tasks: what is saved answers as before") {
  Translations bench(
      Given{{"source_lang", "en"}, {"target_lang", "fr"}, {"num_beams", "3"}, {"max_target_length", "9"}});
  gptask::TranslationTask other;
  other.restore(bench.task.state());
  CHECK(other.state() == bench.task.state());
  CHECK(other.generation()->num_beams == 3);
  CHECK(other.generation()->max_new_tokens == 9);
  CHECK_ERROR(other.restore(Json{{"template", 1}}), "malformed", "the saved state of the task is damaged");
  CHECK_ERROR(configure(bench.task, {{"num_beams", "0"}}), "invalid_option", "--num_beams must be between 1 and");
}

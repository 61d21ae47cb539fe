// Start, delimiter and extract tokens of the GPT-1 paper, in every kind of task.
#include <nlohmann/json.hpp>

#include "gptask/multiple_choice/task.h"
#include "gptask/qa/task.h"
#include "gptask/summarization/task.h"
#include "support/catch.h"
#include "support/errors.h"
#include "tasks/bench.h"

using namespace gpt::test;
using gpt::Purpose;

namespace {

const Given kTokens{{"start_token", "<s>"}, {"delimiter_token", "<d>"}, {"extract_token", "<x>"}};

/// A task with these options and a tokenizer that knows the tokens; then the same task from its state alone.
template <typename Bench>
void know_tokens(Bench& bench) {
  bench.tokenizer.encode("<s> <d> <x>", false);
  const std::vector<std::string> names{"<s>", "<d>", "<x>"};
  CHECK(bench.task.new_tokens() == names);
  decltype(bench.task) other;
  other.restore(bench.task.state());
  CHECK(other.new_tokens() == names);
  CHECK(other.state() == bench.task.state());
}

}  // namespace

TEST_CASE("special tokens: questions") {
  BenchOf<gptask::QaTask, gptask::QaData> bench(kTokens);
  constexpr std::string_view rows =
      R"({"id": "a", "question": "Who ?", "context": "In the barn Ann fell", "answers": {"text": ["Ann"], "answer_start": [12]}})"
      "\n";
  CHECK_ERROR(bench.read("a.jsonl", rows, Purpose::train), "mismatch",
              "the tokenizer has no token \"<s>\", which the input template needs");
  know_tokens(bench);
  const auto data = bench.read("a.jsonl", rows, Purpose::train);
  CHECK(bench.tokens(*data, 0) == "<s> Who ? <d> In the barn Ann fell <x>");
  CHECK(data->examples[0].target.first == 7);
  CHECK(bench.task.state().at("template") == "<s>{question}<d>{passage}<x>");
}

TEST_CASE("special tokens: choices") {
  BenchOf<gptask::MultipleChoiceTask, gptask::ChoiceData> bench(kTokens);
  constexpr std::string_view row = R"({"question": "Who ?", "choices": ["Ann", "Bob X"], "label": 1})"
                                   "\n";
  bench.tokenizer.encode("<s> <d> <x>", false);
  const auto data = bench.read("a.jsonl", row, Purpose::train);
  CHECK(bench.tokens(*data, 0) ==
        "<s> Question: Who ? / Answer: <d> Ann <x> <s> Question: Who ? / Answer: <d> Bob X <x>");
  CHECK(data->examples[0].starts == std::vector<std::int32_t>{9});
  know_tokens(bench);
  CHECK(bench.task.state().at("template") == "<s>Question: {question}\nAnswer:<d> {choice}<x>");
  const auto cut = bench.read("a.jsonl", row, Purpose::train, 6);
  CHECK(bench.tokens(*cut, 0) == "<s> Answer: <d> Ann <x> <s> Answer: <d> Bob X <x>");
  CHECK(cut->truncated.begin().value() == 1);
}

TEST_CASE("special tokens: texts that are written") {
  BenchOf<gptask::SummarizationTask, gptask::TextData> bench(kTokens);
  know_tokens(bench);
  const auto data = bench.read("a.csv", "text,summary\nAnn fell down,She fell\n", Purpose::train);
  CHECK(bench.tokens(*data, 0) == "<s> Ann fell down <d> / / Summary: <x> She fell <end>");
  CHECK(data->examples[0].target.loss_from == 9);
  CHECK(bench.task.state().at("template") == "<s>{source}<d>\n\nSummary:<x>");
  const auto asked = bench.task.from_texts(std::vector<std::string>{"Ann fell"}, bench.tokenizer, 400);
  CHECK(bench.tokens(*asked, 0) == "<s> Ann fell <d> / / Summary: <x>");
}

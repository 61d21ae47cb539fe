// Multiple choice: files, sequences, both ways of scoring.
#include <nlohmann/json.hpp>

#include "gptask/multiple_choice/task.h"
#include "support/catch.h"
#include "support/errors.h"
#include "tasks/bench.h"

namespace {

using gpt::Purpose;
using gpt::test::configure;
using gpt::test::Given;
using gptask::ChoiceData;
using gptask::MultipleChoiceTask;
using Json = nlohmann::ordered_json;

using Bench = gpt::test::BenchOf<MultipleChoiceTask, ChoiceData>;

constexpr std::string_view kTable = "question,A,B,C,D,answerKey\nWho ?,Ann,Bob X,Cy,Di,B\nWhy ?,a,b,c,d,A\n";

}  // namespace

TEST_CASE("multiple choice: a sequence a choice, the question in front of each") {
  Bench bench;
  const auto data = bench.read("a.csv", kTable, Purpose::train);
  REQUIRE(data->examples.size() == 2);
  const gpt::Example& first = data->examples[0];
  CHECK(bench.tokenizer.decode(first.tokens, false) ==
        "Question: Who ? / Answer: Ann Question: Who ? / Answer: Bob X Question: Who ? / Answer: Cy Question: Who ? / "
        "Answer: Di");
  CHECK(first.starts == std::vector<std::int32_t>{6, 13, 19});
  CHECK(first.target.label == 1);
  CHECK(first.target.loss_from == 5);
  CHECK(data->answer(0) == "Bob X");
  CHECK(bench.task.state().at("most_choices") == 4);
}

TEST_CASE("multiple choice: SWAG's question begins in one column and goes on in another") {
  Bench bench;
  const auto data = bench.read("a.csv", "sent1,sent2,ending0,ending1,ending2,ending3,label\nAnn sat .,She,a,b,c,d,1\n",
                               Purpose::train);
  CHECK(data->question(0) == "Question: Ann sat . She\nAnswer:");
  CHECK(data->answer(0) == "b");
}

TEST_CASE("multiple choice: the first rows alone, but room for the choices of all") {
  Bench bench;
  const char* two_rows = "question,A,B,C,D,label\nq,a,b,,,0\nr,a,b,c,d,2\n";
  CHECK(bench.read("a.csv", two_rows, Purpose::train, 400, 1)->examples.size() == 1);
  CHECK(bench.read("b.csv", two_rows, Purpose::evaluate)->examples.size() == 2);
}

TEST_CASE("multiple choice: the files that are about") {
  Bench bench;
  CHECK(bench
            .read("a.jsonl",
                  R"({"goal": "g", "sol1": "x", "sol2": "y", "label": 1})"
                  "\n",
                  Purpose::train)
            ->examples[0]
            .target.label == 1);
  const auto arc =
      bench.read("b.jsonl",
                 R"({"question": "q", "choices": {"text": ["x", "y"], "label": ["1", "2"]}, "answerKey": "2"})"
                 "\n",
                 Purpose::train);
  CHECK(arc->examples[0].target.label == 1);
  const auto list = bench.read("c.jsonl",
                               R"({"question": "q", "choices": ["x", "y", "z"], "label": "z"})"
                               "\n",
                               Purpose::train);
  CHECK(list->examples[0].target.label == 2);
  Bench numbers(Given{{"header", "no"}});
  CHECK(numbers.read("d.csv", "q,w,x,y,z,C\n", Purpose::train)->examples[0].target.label == 2);
  const auto hole = numbers.read("h.csv", "q,w,x,y,z,C\nr,,,,,3\n", Purpose::train);  // ARC has such rows
  CHECK(hole->examples.size() == 1);
  CHECK(hole->skipped.at("no choices") == 1);
  const auto fifth = numbers.read("i.csv", "q,w,x,y,z,C\nr,w,x,y,z,E\n", Purpose::train);
  CHECK(fifth->examples.size() == 1);
  CHECK(fifth->skipped.at("the right choice is not among the choices") == 1);
  Bench from_one(Given{{"first_choice", "1"}});
  CHECK(from_one
            .read("e.jsonl",
                  R"({"question": "q", "choices": ["x", "y"], "label": 1})"
                  "\n",
                  Purpose::train)
            ->examples[0]
            .target.label == 0);
  Bench apart;
  gpt::test::put(apart.folder / "labels.lst", "1\n0\n");
  configure(apart.task, {{"label_file", (apart.folder / "labels.lst").string()}});
  const auto pairs = apart.read("f.jsonl",
                                R"({"goal": "g", "sol1": "x", "sol2": "y"})"
                                "\n"
                                R"({"goal": "h", "sol1": "x", "sol2": "y"})"
                                "\n",
                                Purpose::train);
  CHECK(pairs->examples[0].target.label == 1);
  CHECK(pairs->examples[1].target.label == 0);
}

TEST_CASE("multiple choice: a trained score") {
  Bench bench;
  const auto data = bench.read("a.csv", kTable, Purpose::train);
  const std::vector<std::vector<float>> outputs{{0, 2, 1, 0}, {0, 0, 3, 0}};
  const gpt::Evaluation evaluation = bench.task.evaluate(*data, outputs);
  CHECK(evaluation.metrics.at("accuracy") == Approx(0.5));
  CHECK_FALSE(evaluation.metrics.contains("accuracy_norm"));
  CHECK(evaluation.files[0].content == "index\tprediction\n0\t1\n1\t2\n");
  CHECK(evaluation.baselines.size() == 2);
  const auto answer = bench.task.answer(*data, 0, outputs[0]);
  CHECK(answer.at("answer") == "Bob X");
  CHECK(answer.at("label") == 1);
  CHECK(answer.at("probabilities").size() == 4);
}

TEST_CASE("multiple choice: likelihoods, also by length") {
  Bench bench;
  CHECK(bench.task.zero_shot());
  const auto data = bench.read("a.csv", kTable, Purpose::evaluate);
  const std::vector<std::vector<float>> outputs{{-4, -6, -4, -4}, {-1, -2, -2, -2}};  // "Bob X": -6 / 5 characters
  const gpt::Evaluation evaluation = bench.task.evaluate(*data, outputs);
  CHECK(evaluation.metrics.at("accuracy") == Approx(0.5));
  CHECK(evaluation.metrics.at("accuracy_norm") == Approx(1.0));
}

TEST_CASE("multiple choice: what is saved answers as before; errors name the place") {
  Bench bench(Given{{"prompt_template", "{question} so"}, {"first_choice", "1"}});
  bench.read("a.csv", "question,A,B,C,D,label\nq,a,b,c,d,2\n", Purpose::train);
  MultipleChoiceTask other;
  other.restore(bench.task.state());
  CHECK(other.state() == bench.task.state());
  CHECK_ERROR(other.restore(Json{{"template", 1}}), "malformed", "the saved state of the task is damaged");
  CHECK_ERROR(bench.read("b.csv", "question,A,B,C,D,label\nq,a,b,c,d,9\n", Purpose::train), "malformed",
              "\"9\" is none of the 4 choices");
  CHECK_ERROR(bench.read("b.csv", "question,A,B,C,D,label\nq,a,,,,1\n", Purpose::train), "malformed",
              "1 choices; two or more are due");
  CHECK_ERROR(bench.read("b.csv", "question,label\nq,1\n", Purpose::train), "not_found", "--choice_columns A,B,C");
  CHECK_ERROR(bench.read("b.jsonl",
                         R"({"question": "q", "choices": "x", "label": 1})"
                         "\n",
                         Purpose::train),
              "malformed", "are no JSON list of texts");
  CHECK_ERROR(bench.read("b.jsonl",
                         R"({"question": "q", "choices": ["a","b","c","d","e"], "label": 1})"
                         "\n",
                         Purpose::evaluate),
              "mismatch", "5 choices, where the model compares 4 at most");
  CHECK_ERROR(configure(bench.task, {{"prompt_template", "none"}}), "invalid_option", "has no {question}");
}

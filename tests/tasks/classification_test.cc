#include <nlohmann/json.hpp>

#include "gpt/model/config.h"
#include "gptask/classification/data.h"
#include "gptask/classification/task.h"
#include "gptask/sentiment/task.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/tiny_decoder.h"
#include "tasks/bench.h"

namespace {

using gpt::Purpose;
using gpt::test::Bench;
using gpt::test::configure;
using gpt::test::Given;
using gpt::test::put;
using Words = std::vector<std::string>;

std::vector<std::int32_t> targets(const gpt::TaskData& data) {
  std::vector<std::int32_t> list;
  for (const auto& example : data.examples) list.push_back(example.target.label);
  return list;
}

using Targets = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("a training file teaches the labels") {
  Bench bench;
  const auto data = bench.read("a.csv", "text,label\na fine film,pos\ndull,neg\nfine, pos \n", Purpose::train);
  CHECK(bench.task.labels() == Words{"neg", "pos"});
  CHECK(targets(*data) == Targets{1, 0, 1});
  CHECK(data->rows == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(bench.tokens(*data, 0) == "a fine film");
  CHECK(data->text(0) == "a fine film");
  CHECK(data->answer(1) == "neg");
  CHECK(data->truncated.empty());
  const auto taken = data->take(std::vector<std::uint32_t>{2, 1});
  CHECK(targets(*taken) == Targets{1, 0});
  CHECK(taken->text(1) == "dull");
  CHECK(taken->rows == std::vector<std::uint64_t>{3, 2});
}

TEST_CASE("labels are ordered by number if all are numbers, else by code points") {
  Bench bench;
  bench.read("a.csv", "text,label\na,10\nb,9\nc,-1\nd,2.5\n", Purpose::train);
  CHECK(bench.task.labels() == Words{"-1", "2.5", "9", "10"});
  bench.read("a.csv", "text,label\na,10\nb,9\nc,x\n", Purpose::train);
  CHECK(bench.task.labels() == Words{"10", "9", "x"});
}

TEST_CASE("JSON numbers and booleans are labels too") {
  Bench bench;
  const auto data =
      bench.read("a.jsonl", "{\"text\": \"a\", \"label\": 1}\n{\"text\": \"b\", \"label\": 0}\n", Purpose::train);
  CHECK(bench.task.labels() == Words{"0", "1"});
  CHECK(targets(*data) == Targets{1, 0});
  bench.read("b.jsonl", "{\"text\": \"a\", \"label\": true}\n{\"text\": \"b\", \"label\": false}\n", Purpose::train);
  CHECK(bench.task.labels() == Words{"false", "true"});
}

TEST_CASE("columns: given, by number, several, found by name, the only one left") {
  SECTION("given, with the names of the Transformers scripts") {
    Bench bench(Given{{"text-column-name", "note"}, {"label_column_name", "kind"}});
    CHECK(bench.tokens(*bench.read("a.csv", "text,note,kind\nx,y,1\nx,z,2\n", Purpose::train), 1) == "z");
  }
  SECTION("by number: no header") {
    Bench bench(Given{{"text_column", "2"}, {"label_column", "1"}});
    CHECK(bench.read("a.tsv", "1\tgood\n0\tbad\n", Purpose::train)->examples.size() == 2);
    CHECK(bench.task.labels() == Words{"0", "1"});
  }
  SECTION("by number, with a header all the same") {
    Bench bench(Given{{"text_column", "2"}, {"label_column", "1"}, {"header", "yes"}});
    CHECK(bench.read("a.tsv", "a\tb\n1\tgood\n0\tbad\n", Purpose::train)->examples.size() == 2);
  }
  SECTION("several are joined") {
    Bench bench(Given{{"text_column", "2,3"}, {"label_column", "1"}});
    CHECK(bench.read("a.csv", "1,Title,Body text\n2,T,B\n", Purpose::train)->text(0) == "Title Body text");
    Bench other(Given{{"text_column", "title,body"}, {"text_column_delimiter", "\\n"}});
    CHECK(other.read("a.csv", "label,title,body\n1,T,B\n2,T,B\n", Purpose::train)->text(0) == "T\nB");
  }
  SECTION("found by name, in any case") {
    Bench bench;
    CHECK(bench.read("a.csv", "id,Category,Review\n7,x,good\n8,y,bad\n", Purpose::train)->text(0) == "good");
  }
  SECTION("what is left") {
    Bench bench;
    CHECK(bench.read("a.csv", "idx,utterance,label\n7,hello,x\n8,bye,y\n", Purpose::train)->text(1) == "bye");
  }
}

TEST_CASE("a label may be cut") {
  Bench bench(Given{{"label_until", ":"}, {"format", "labeled"}});
  bench.read("a.txt", "DESC:manner How ?\nNUM:dist Far ?\nDESC:def What ?\n", Purpose::train);
  CHECK(bench.task.labels() == Words{"DESC", "NUM"});
}

TEST_CASE("a pair is first, separator, second") {
  Bench bench;
  const auto data =
      bench.read("a.tsv", "index\tsentence1\tsentence2\tlabel\n0\ta b\tc\tyes\n1\td\te f\tno\n", Purpose::train);
  CHECK(bench.tokens(*data, 0) == "a b / c");
  CHECK(data->text(1) == "d\ne f");
  const auto direct = bench.task.from_texts(std::vector<std::string>{"x y\tz"}, bench.tokenizer, 100);
  CHECK(bench.tokens(*direct, 0) == "x y / z");

  Bench other(Given{{"text_column", "a"}, {"text_pair_column", "b"}, {"text_pair_separator", " && "}});
  CHECK(other.tokens(*other.read("a.csv", "a,b,label\nx,y,1\nx,z,2\n", Purpose::train), 1) == "x && z");
}

TEST_CASE("what is too long is cut and counted") {
  Bench bench;
  const auto data = bench.read("a.csv", "text,label\na b c d e,1\na b c,2\n", Purpose::train, 3);
  CHECK(bench.tokens(*data, 0) == "a b c");
  CHECK(data->truncated.begin().value() == 1);
  CHECK(data->text(0) == "a b c d e");
}

TEST_CASE("of a pair the longer text is cut first, and the separator stays") {
  Bench bench;
  const std::string header = "sentence1,sentence2,label\n";
  const auto data = bench.read("a.csv", header + "a b c d e f,x y,1\na,u v w x y z,2\na b c d,w x y z,1\na b,x y,1\n",
                               Purpose::train, 6);
  CHECK(bench.tokens(*data, 0) == "a b c / x y");
  CHECK(bench.tokens(*data, 1) == "a / u v w x");
  CHECK(bench.tokens(*data, 2) == "a b c / w x");
  CHECK(bench.tokens(*data, 3) == "a b / x y");
  CHECK(data->truncated.begin().value() == 3);
  CHECK(bench.tokens(*bench.read("b.csv", header + "a b,x y,1\n,y,2\n", Purpose::train, 1), 0) == "a");
}

TEST_CASE("an empty text is left out of training and answered otherwise") {
  Bench bench;
  const std::string content = "text,label\na,1\n,2\nb,2\n\"  \",1\n";
  const auto data = bench.read("a.csv", content, Purpose::train);
  CHECK(data->rows == std::vector<std::uint64_t>{1, 3});
  CHECK(data->skipped.dump() == R"({"empty text":2})");
  const auto evaluated = bench.read("a.csv", content, Purpose::evaluate);
  CHECK(evaluated->examples.size() == 4);
  CHECK(bench.tokens(*evaluated, 1) == "<end>");
  CHECK(evaluated->skipped.empty());
  CHECK(bench.task.from_texts(std::vector<std::string>{""}, bench.tokenizer, 5)->examples[0].tokens.size() == 1);
}

TEST_CASE("GLUE: columns and metric by --task_name") {
  SECTION("cola, whose files have no header, and whose test file has one") {
    Bench bench(Given{{"task_name", "cola"}});
    const auto data = bench.read("a.tsv", "gj04\t1\t\tThe boat sank.\ngj04\t0\t*\tBoat the.\n", Purpose::train);
    CHECK(data->text(1) == "Boat the.");
    CHECK(bench.task.labels() == Words{"0", "1"});
    CHECK(bench.task.main_metric() == "matthews_correlation");
    CHECK(bench.read("t.tsv", "index\tsentence\n0\tBill ran.\n", Purpose::predict)->text(0) == "Bill ran.");
    CHECK(bench.read("a.csv", "sentence,label\nIt is.,1\n", Purpose::evaluate)->text(0) == "It is.");
  }
  SECTION("mrpc") {
    Bench bench(Given{{"task_name", "mrpc"}});
    const auto data = bench.read("a.tsv", "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\ta\tb\n0\t7\t8\tc\td\n",
                                 Purpose::train);
    CHECK(data->text(0) == "a\nb");
    CHECK(bench.task.main_metric() == "combined_score");
  }
  SECTION("mnli") {
    Bench bench(Given{{"task_name", "mnli"}});
    CHECK(bench
              .read("a.jsonl", R"({"premise": "a", "hypothesis": "b", "label": 2}
{"premise": "c", "hypothesis": "d", "label": 0})",
                    Purpose::train)
              ->text(1) == "c\nd");
  }
}

TEST_CASE("what the state says comes back, and columns that are given win over it") {
  Bench bench(
      Given{{"text_column", "note"}, {"label_column", "kind"}, {"label_until", "-"}, {"metric_name", "f1_macro"}});
  bench.read("a.csv", "note,kind,text\na,x-1,?\nb,y-2,?\nc,y-3,?\n", Purpose::train);
  const auto state = nlohmann::ordered_json::parse(bench.task.state().dump());
  CHECK(state.at("labels").dump() == R"(["x","y"])");
  CHECK(state.at("label_counts").dump() == "[1,2]");

  Bench later;
  later.task.restore(state);
  CHECK(later.task.labels() == Words{"x", "y"});
  CHECK(later.task.main_metric() == "f1_macro");
  CHECK(later.read("b.csv", "note,kind,text\na,y-1,?\n", Purpose::evaluate)->answer(0) == "y");
  CHECK(later.task.state() == state);
  CHECK(later.read("b.txt", "only texts\n", Purpose::predict)->text(0) == "only texts");

  Bench given(Given{{"text_column", "text"}});
  given.task.restore(state);
  CHECK(given.read("b.csv", "note,kind,text\na,y-1,?\n", Purpose::evaluate)->text(0) == "?");
}

TEST_CASE("a later run reads files of the same name as the training run did") {
  Bench bench(Given{{"format", "labeled"}, {"label_until", ":"}});
  bench.read("a.txt", "A:x one\nB:y two\n", Purpose::train);
  Bench later;
  later.task.restore(bench.task.state());
  CHECK(later.read("b.TXT", "B:z three\n", Purpose::evaluate)->answer(0) == "B");
  CHECK(later.read("b.csv", "text,label\nfour,A\n", Purpose::evaluate)->text(0) == "four");

  Bench quoted(Given{{"quotes", "no"}, {"header", "no"}, {"text_column", "2"}, {"label_column", "1"}});
  quoted.read("a.csv", "1,\"a\n2,b\"\n", Purpose::train);
  Bench again;
  again.task.restore(nlohmann::ordered_json::parse(quoted.task.state().dump()));
  CHECK(again.read("b.csv", "2,c\"\n", Purpose::evaluate)->text(0) == "c\"");
}

TEST_CASE("an evaluation by hand") {
  Bench bench;
  bench.read("a.csv", "text,label\na,neg\nb,pos\nc,pos\n", Purpose::train);
  const auto data = bench.read("b.csv", "text,label\na,neg\nb,pos\nc,neg\nd,neg\n", Purpose::evaluate);
  const std::vector<std::vector<float>> outputs{{2, 0}, {0, 1}, {0, 3}, {0, 1}};
  const gpt::Evaluation evaluation = bench.task.evaluate(*data, outputs);
  CHECK(evaluation.metrics.at("accuracy").get<double>() == Approx(0.5));
  CHECK(evaluation.metrics.at("f1").get<double>() == Approx(0.5));
  CHECK(evaluation.metrics.at("precision").get<double>() == Approx(1.0 / 3));
  CHECK(evaluation.metrics.at("recall").get<double>() == Approx(1));
  CHECK(evaluation.metrics.at("matthews_correlation").get<double>() == Approx(1 / 3.0));
  CHECK(evaluation.baseline.at("name") == "always \"pos\", the most frequent label in training");
  CHECK(evaluation.baseline.at("accuracy").get<double>() == Approx(0.25));
  CHECK(evaluation.details.at("confusion").dump() == "[[1,2],[0,1]]");
  CHECK(evaluation.details.at("per_label")[0].at("support") == 3);
  const auto& mistakes = evaluation.details.at("mistakes");
  REQUIRE(mistakes.size() == 2);
  CHECK(mistakes[0].at("row") == 3);
  CHECK(mistakes[0].at("truth") == "neg");
  CHECK(mistakes[0].at("answer") == "pos");
  CHECK(mistakes[0].at("probability").get<double>() == Approx(0.952574));
  REQUIRE(evaluation.files.size() == 1);
  CHECK(evaluation.files[0].name == "predict_results.txt");
  CHECK(evaluation.files[0].content == "index\tprediction\n0\tneg\n1\tpos\n2\tpos\n3\tpos\n");
}

TEST_CASE("rows without a label are predicted, not scored") {
  Bench bench;
  bench.read("a.csv", "text,label\na,neg\nb,pos\n", Purpose::train);
  const auto data = bench.read("b.csv", "text\na\nb\n", Purpose::predict);
  CHECK(data->answer(0).empty());
  const gpt::Evaluation evaluation = bench.task.evaluate(*data, std::vector<std::vector<float>>{{2, 0}, {0, 1}});
  CHECK(evaluation.metrics.empty());
  CHECK(evaluation.files[0].content == "index\tprediction\n0\tneg\n1\tpos\n");
}

TEST_CASE("an answer has a probability for every label") {
  Bench bench;
  const auto data = bench.read("a.csv", "text,label\na,x\nb,y\nc,z\n", Purpose::train);
  const auto answer = bench.task.answer(*data, 0, std::vector<float>{1000, 1001, 0});
  CHECK(answer.at("label") == "y");
  CHECK(answer.at("probability").get<double>() == Approx(0.731059));
  CHECK(answer.at("probabilities").at("x").get<double>() == Approx(0.268941));
  CHECK(answer.at("probabilities").at("z").get<double>() == 0);
}

TEST_CASE("MRPC's combined score is the mean of accuracy and F1") {
  Bench bench(Given{{"task_name", "mrpc"}});
  const auto data = bench.read("a.csv", "sentence1,sentence2,label\na,b,0\nc,d,1\ne,f,1\n", Purpose::train);
  const auto evaluation = bench.task.evaluate(*data, std::vector<std::vector<float>>{{1, 0}, {1, 0}, {0, 1}});
  CHECK(evaluation.metrics.at("combined_score").get<double>() == Approx((2.0 / 3 + 2.0 / 3) / 2));
}

TEST_CASE("what Transformers is told") {
  Bench bench;
  bench.read("a.csv", "text,label\na,neg\nb,pos\n", Purpose::train);
  const auto said = bench.task.transformers();
  CHECK(said.at("architecture") == "ForSequenceClassification");
  CHECK(said.at("config").dump() == R"({"num_labels":2,"id2label":{"0":"neg","1":"pos"},"label2id":{"neg":0,"pos":1},)"
                                    R"("problem_type":"single_label_classification"})");
}

TEST_CASE("the head is Transformers' score.weight, [labels, hidden]") {
  Bench bench;
  bench.read("a.csv", "text,label\na,1\nb,2\nc,3\n", Purpose::train);
  gpt::Random random(1);
  const auto decoder = gpt::Decoder::create(gpt::test::tiny_gpt2(), 1);
  const auto head = bench.task.make_head(*decoder, random);
  const auto parameters = head->parameters();
  REQUIRE(parameters.size() == 1);
  CHECK(parameters[0]->name == "score.weight");
  CHECK(parameters[0]->value.rows() == 3);
  CHECK(parameters[0]->value.columns() == 48);
}

TEST_CASE("sentiment knows the columns of reviews") {
  Bench bench;
  gptask::SentimentTask sentiment;
  configure(sentiment, {});
  put(bench.folder / "a.csv", "class,category,review,text\n?,fresh,good,x\n?,rotten,bad,y\n");
  const auto data = sentiment.read(bench.folder / "a.csv", {bench.tokenizer, 100, Purpose::train});
  CHECK(sentiment.labels() == Words{"fresh", "rotten"});
  CHECK(data->text(0) == "x");
  CHECK(sentiment.main_metric() == "accuracy");
}

TEST_CASE("the first rows alone become examples, with the labels of the whole file") {
  Bench bench;
  const auto data = bench.read("a.csv", "text,label\na,x\n,y\nb,z\n", Purpose::train, 400, 1);
  CHECK(data->examples.size() == 1);
  CHECK(data->skipped.empty());
  CHECK(bench.task.labels() == std::vector<std::string>{"x", "z"});
  CHECK(bench.read("b.csv", "text,label\na,x\nb,unknown\n", Purpose::evaluate, 400, 1)->examples.size() == 1);
  CHECK_ERROR(bench.read("a.csv", "text,label\na,x\nb\n", Purpose::train, 400, 1), "malformed", "row 2");
}

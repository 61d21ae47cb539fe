// Several labels, numbers, class weights, both orders, calibration and abstaining.
#include <cmath>
#include <nlohmann/json.hpp>

#include "gpt/head/sequence_head.h"
#include "gptask/classification/data.h"
#include "gptask/classification/task.h"
#include "gptask/toolkit/calibration.h"
#include "support/errors.h"
#include "support/temporary_folder.h"
#include "tasks/bench.h"

using namespace gpt::test;
using gpt::Purpose;
using Words = std::vector<std::string>;
using Values = std::vector<float>;

namespace {

Values values(const gpt::TaskData& data, std::size_t i) { return data.examples[i].target.values; }

double metric(const gpt::Evaluation& evaluation, const std::string& name) {
  return evaluation.metrics.at(name).get<double>();
}

}  // namespace

TEST_CASE("several labels: fastText lines, a delimiter, a list, a column each") {
  SECTION("fastText, asked for") {
    Bench bench(Given{{"problem_type", "multi_label_classification"}});
    const auto data = bench.read("a.ft", "__label__b __label__a one\n__label__c two\nthree\n", Purpose::train);
    CHECK(bench.task.labels() == Words{"a", "b", "c"});
    CHECK(values(*data, 0) == Values{1, 1, 0});
    CHECK(values(*data, 2) == Values{0, 0, 0});
    CHECK(data->answer(0) == "a, b");
    CHECK(data->answer(2).empty());
    CHECK(bench.task.main_metric() == "f1_micro");
  }
  SECTION("a delimiter") {
    Bench bench(Given{{"label_delimiter", "|"}});
    const auto data = bench.read("a.csv", "text,label\none,joy|hope\ntwo,hope | fear\nthree,\n", Purpose::train);
    CHECK(bench.task.labels() == Words{"fear", "hope", "joy"});
    CHECK(values(*data, 1) == Values{1, 1, 0});
    const auto later = bench.read("b.csv", "text,label\none,fear\n", Purpose::evaluate);
    CHECK(values(*later, 0) == Values{1, 0, 0});
    CHECK_ERROR(bench.read("b.csv", "text,label\none,fear|haste\n", Purpose::evaluate), "mismatch",
                "row 1 (line 2): the label \"haste\" is none of those learned in training");
    CHECK_ERROR(bench.read("b.csv", "text,label\none,fear|fear\n", Purpose::evaluate), "malformed",
                "the label \"fear\" stands there twice");
  }
  SECTION("a JSON list, by itself") {
    Bench bench;
    const auto data =
        bench.read("a.jsonl", "{\"text\": \"a\", \"labels\": [\"x\", \"y\"]}\n{\"text\": \"b\", \"labels\": []}\n",
                   Purpose::train);
    CHECK(bench.task.problem() == gptask::Problem::multi_label);
    CHECK(values(*data, 0) == Values{1, 1});
    CHECK_ERROR(bench.read("b.jsonl", "{\"text\": \"a\", \"labels\": [[1]]}\n", Purpose::evaluate), "malformed",
                "[1] is no label");
  }
  SECTION("a column each") {
    Bench bench(Given{{"label_column", "joy,fear"}});
    const auto data = bench.read("a.csv", "text,joy,fear\none,1,0\ntwo,1,1\n", Purpose::train);
    CHECK(bench.task.labels() == Words{"joy", "fear"});
    CHECK(values(*data, 0) == Values{1, 0});
    CHECK(bench.task.state().at("label_counts").dump() == "[2,1]");
    CHECK_ERROR(bench.read("b.csv", "text,joy,fear\none,,1\n", Purpose::evaluate), "malformed",
                "the label column \"joy\" has \"\"");
    CHECK_ERROR(bench.read("b.csv", "text,joy,fear\none,1,2\n", Purpose::evaluate), "malformed",
                "the label column \"fear\" has \"2\"; where labels are columns, each has 0 or 1");
    Bench later;
    later.task.restore(nlohmann::ordered_json::parse(bench.task.state().dump()));
    CHECK(values(*later.read("b.csv", "text,joy,fear\none,0,1\n", Purpose::evaluate), 0) == Values{0, 1});
  }
  SECTION("not asked for") {
    Bench bench;
    CHECK_ERROR(
        bench.read("a.ft", "__label__a x\n__label__b __label__c y\n", Purpose::train), "unsupported",
        "row 2 (line 2): more than one label (\"b\", \"c\"); --problem_type multi_label_classification takes them");
    Bench single(Given{{"label_delimiter", ","}, {"problem_type", "single_label_classification"}});
    CHECK_ERROR(single.read("a.csv", "text,label\na,b\n", Purpose::train), "invalid_option",
                "and --problem_type is single_label_classification");
  }
}

TEST_CASE("several labels: answers and scores by hand") {
  Bench bench(Given{{"label_delimiter", "|"}});
  bench.read("a.csv", "text,label\none,a\ntwo,a|b\nthree,a\n", Purpose::train);
  const auto data = bench.read("b.csv", "text,label\none,a\ntwo,a|b\nthree,b\n", Purpose::evaluate);
  const std::vector<Values> outputs{{2, -1}, {0.1F, -0.1F}, {-3, -3}};
  const gpt::Evaluation evaluation = bench.task.evaluate(*data, outputs);
  // said: a; a; nothing. true: a; a, b; b.
  CHECK(metric(evaluation, "accuracy") == Approx(1.0 / 3));
  CHECK(metric(evaluation, "f1_micro") == Approx(2 * 2.0 / (2 + 4)));
  CHECK(metric(evaluation, "f1_macro") == Approx(0.5));
  CHECK(evaluation.baseline.at("name") == "always \"a\", the most frequent in training");
  CHECK(evaluation.details.at("per_label")[1].at("recall") == 0);
  CHECK(evaluation.details.at("mistakes").size() == 2);
  CHECK(evaluation.files[0].content == "index\tprediction\n0\t[\"a\"]\n1\t[\"a\"]\n2\t[]\n");
  const auto answer = bench.task.answer(*data, 0, outputs[0]);
  CHECK(answer.at("label") == "a");
  CHECK(answer.at("labels").dump() == "[\"a\"]");
  CHECK(answer.at("probabilities").at("a").get<double>() == Approx(1 / (1 + std::exp(-2))));
  CHECK(bench.task.transformers().at("config").at("problem_type") == "multi_label_classification");

  Bench sure(Given{{"label_threshold", "0.9"}});
  sure.task.restore(bench.task.state());
  Bench eager;
  eager.task.restore(bench.task.state());
  configure(eager.task, {{"label_threshold", "0.1"}});
  CHECK(eager.task.answer(*data, 1, outputs[1]).at("labels").size() == 2);
}

TEST_CASE("numbers: STS-B and --problem_type regression") {
  Bench bench(Given{{"task_name", "stsb"}});
  const auto data =
      bench.read("a.tsv", "index\tsentence1\tsentence2\tscore\n0\ta\tb\t5.000\n1\tc\td\t2.5\n", Purpose::train);
  CHECK(values(*data, 1) == Values{2.5F});
  CHECK(data->answer(1) == "2.5");
  CHECK(bench.task.main_metric() == "pearson");
  const auto said = bench.task.transformers().at("config");
  CHECK(said.at("problem_type") == "regression");
  CHECK(said.at("num_labels") == 1);
  const auto scored =
      bench.read("b.tsv", "sentence1\tsentence2\tscore\na\tb\t1\nc\td\t2\ne\tf\t4\n", Purpose::evaluate);
  const gpt::Evaluation evaluation = bench.task.evaluate(*scored, std::vector<Values>{{1}, {3}, {4}});
  CHECK(metric(evaluation, "pearson") == Approx(0.928571));
  CHECK(metric(evaluation, "spearmanr") == Approx(1));
  CHECK(metric(evaluation, "mse") == Approx(1.0 / 3));
  CHECK(evaluation.baseline.at("name") == "always 3.75, the mean of the training file");
  CHECK(evaluation.details.at("mistakes")[0].at("row") == 2);
  CHECK(evaluation.files[0].content == "index\tprediction\n0\t1.000\n1\t3.000\n2\t4.000\n");
  CHECK(bench.task.answer(*scored, 0, Values{3.25F}).dump() == R"({"label":"3.2500","value":3.25})");

  Bench asked(Given{{"do_regression", "true"}});
  CHECK_ERROR(asked.read("a.csv", "text,label\na,1\nb,two\n", Purpose::train), "malformed",
              "a.csv, row 2 (line 3): the label \"two\" is no number, and the problem is regression");
  Bench wrong(Given{{"do_regression", "true"}, {"metric_name", "f1"}});
  CHECK_ERROR(wrong.read("a.csv", "text,label\na,1\nb,2\n", Purpose::train), "invalid_option",
              "--metric_name f1 is not for regression; take one of pearson, spearmanr, combined_score, mse");
}

TEST_CASE("class weights and label smoothing reach the loss") {
  const std::string rows = "text,label\na,x\nb,y\nc,y\nd,y\n";
  const auto weights = [&](const std::string& given) {
    Bench bench(Given{{"class_weights", given}, {"label_smoothing_factor", "0.1"}});
    bench.read("a.csv", rows, Purpose::train);
    Bench later;
    later.task.restore(nlohmann::ordered_json::parse(bench.task.state().dump()));
    CHECK(later.task.state().at("label_smoothing") == 0.1);
    return later.task.state().at("class_weights").get<std::vector<float>>();
  };
  CHECK(weights("balanced") == std::vector<float>{2, 2.0F / 3});
  CHECK(weights("0.25,4") == std::vector<float>{0.25F, 4});
  const auto refused = [&](const Given& given, const std::string& message) {
    Bench bench(given);
    CHECK_ERROR(bench.read("a.csv", rows, Purpose::train), "invalid_option", message);
  };
  refused({{"class_weights", "1"}}, "has 1 numbers; ");
  refused({{"class_weights", "1"}}, "has 2 labels, in this order: x, y");
  refused({{"class_weights", "1,heavy"}}, "--class_weights takes balanced or numbers from 0, not \"heavy\"");
  refused({{"class_weights", "balanced"}, {"label_delimiter", "|"}}, "are for one label a row, not for multi_label");
  CHECK_ERROR(Bench(Given{{"label_smoothing_factor", "1"}}), "invalid_option",
              "--label_smoothing_factor must be at least 0 and below 1, not 1");
}

TEST_CASE("both orders: a pair is two sequences") {
  Bench bench(Given{{"both_orders", "true"}});
  const auto data = bench.read("a.csv", "sentence1,sentence2,label\na b,c,1\nd,e,2\n", Purpose::train);
  CHECK(bench.tokens(*data, 0) == "a b / c c / a b");
  CHECK(data->examples[0].starts == std::vector<std::int32_t>{4});
  CHECK(bench.task.template_text() == "{text}\n{text_pair} | {text_pair}\n{text}");
  const auto direct = bench.task.from_texts(Words{"x\ty"}, bench.tokenizer, 100);
  CHECK(bench.tokens(*direct, 0) == "x / y y / x");
  Bench single(Given{{"both_orders", "true"}});
  CHECK_ERROR(single.read("a.csv", "text,label\na,1\nb,2\n", Purpose::train), "invalid_option",
              "--both_orders is for pairs of texts");
}

TEST_CASE("temperature: the one with the highest likelihood") {
  // Two labels with logits (z, 0): right 3 times out of 4, so the best probability is 0.75, z / T = log 3.
  const std::vector<std::vector<float>> logits(4, {4, 0});
  const std::vector<std::int32_t> labels{0, 0, 1, 0};
  CHECK(gptask::fit_temperature(logits, labels) == Approx(4 / std::log(3)).epsilon(1e-3));
  CHECK(gptask::fit_temperature(logits, std::vector<std::int32_t>(4, -1)) == 1);
  CHECK(gptask::fit_temperature(logits, std::vector<std::int32_t>(4, 0)) == Approx(0.05).epsilon(1e-2));
  CHECK(gptask::fit_temperature(logits, std::vector<std::int32_t>(4, 1)) == Approx(20).epsilon(1e-2));
}

TEST_CASE("calibration error, coverage and the accuracy of what is answered, by hand") {
  const auto scorer =
      gptask::confidence_scorer({{0.9, 0.99, true}, {0.9, 0.99, false}, {0.55, 0.6, true}, {0.55, 0.6, true}}, 0.8);
  const auto metrics = scorer->all();
  CHECK(metrics.at("ece").get<double>() == Approx((std::abs(1.8 - 1) + std::abs(1.1 - 2)) / 4));
  CHECK(metrics.at("ece_uncalibrated").get<double>() == Approx((std::abs(1.98 - 1) + std::abs(1.2 - 2)) / 4));
  CHECK(metrics.at("coverage").get<double>() == Approx(0.5));
  CHECK(metrics.at("accuracy_answered").get<double>() == Approx(0.5));
  const std::vector<std::uint32_t> unsure{2, 3};
  CHECK(std::isnan(scorer->metrics(unsure).at("accuracy_answered").get<double>()));
  CHECK_FALSE(gptask::confidence_scorer({{0.9, 0.9, true}}, 0)->all().contains("coverage"));
}

TEST_CASE("calibrated probabilities and abstaining go with the model") {
  Bench bench(Given{{"calibrate", "true"}, {"abstain_below", "0.8"}});
  bench.read("a.csv", "text,label\na,neg\nb,pos\n", Purpose::train);
  const auto data = bench.read("b.csv", "text,label\na,neg\nb,neg\nc,pos\nd,neg\n", Purpose::evaluate);
  const std::vector<Values> outputs(4, {4, 0});
  bench.task.calibrate(*data, outputs);
  CHECK(bench.task.temperature() == Approx(4 / std::log(3)).epsilon(1e-3));
  const gpt::Evaluation evaluation = bench.task.evaluate(*data, outputs);
  CHECK(metric(evaluation, "accuracy") == Approx(0.75));
  CHECK(metric(evaluation, "ece") == Approx(0).margin(1e-3));
  CHECK(metric(evaluation, "ece_uncalibrated") == Approx(0.232).margin(1e-3));
  CHECK(metric(evaluation, "coverage") == 0);
  CHECK(evaluation.files[0].content.substr(0, 28) == "index\tprediction\n0\tabstain\n1");

  Bench later;
  later.task.restore(nlohmann::ordered_json::parse(bench.task.state().dump()));
  const auto answer = later.task.answer(*data, 0, outputs[0]);
  CHECK(answer.at("label") == "abstain");
  CHECK(answer.at("best_label") == "neg");
  CHECK(answer.at("probability").get<double>() == Approx(0.75).epsilon(1e-3));
  configure(later.task, {{"abstain_below", "0.7"}});
  CHECK(later.task.answer(*data, 0, outputs[0]).at("label") == "neg");
}

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "gptask/toolkit/label_metrics.h"
#include "gptask/toolkit/number_metrics.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/paths.h"

namespace {

using gptask::Confusion;
using Labels = std::vector<std::int32_t>;
using Numbers = std::vector<double>;

void check(const nlohmann::json& scores, const std::string& name, double value) {
  INFO(name);
  CHECK(std::abs(scores.at(name).get<double>() - value) < 1e-6);
}

void check_labels(const nlohmann::json& scores, const Labels& truth, const Labels& predicted) {
  const Confusion confusion(6, truth, predicted);
  check(scores, "accuracy", confusion.accuracy());
  check(scores, "f1_macro", confusion.f1_macro());
  check(scores, "f1_micro", confusion.f1_micro());
  check(scores, "f1_weighted", confusion.f1_weighted());
  check(scores, "matthews_correlation", confusion.matthews());
  if (!scores.contains("f1_binary")) return;
  check(scores, "f1_binary", confusion.scores(1).f1);
  check(scores, "precision", confusion.scores(1).precision);
  check(scores, "recall", confusion.scores(1).recall);
}

}  // namespace

TEST_CASE("metrics agree with scikit-learn and SciPy") {
  GPT_NEED(reference, gpt::test::reference());
  std::ifstream file(reference / "metrics" / "glue.json");
  const nlohmann::json cases = nlohmann::json::parse(file);
  std::size_t seen = 0;
  for (const auto& one : cases) {
    const auto& scores = one.at("scores");
    const std::string kind = one.at("kind");
    if (kind == "labels") check_labels(scores, one.at("references"), one.at("predictions"));
    if (kind == "regression") {
      const Numbers truth = one.at("references"), predicted = one.at("predictions");
      check(scores, "pearson", gptask::pearson(truth, predicted));
      check(scores, "spearman", gptask::spearman(truth, predicted));
      check(scores, "mse", gptask::mean_squared_error(truth, predicted));
    }
    if (kind == "scores") {
      const Labels truth = one.at("references");
      const Numbers predicted = one.at("predictions");
      check(scores, "roc_auc", gptask::roc_auc(truth, predicted));
      check(scores, "average_precision", gptask::average_precision(truth, predicted));
    }
    ++seen;
  }
  CHECK(seen >= 28);
}

TEST_CASE("a confusion matrix by hand") {
  const Confusion confusion(3, Labels{0, 0, 0, 1, 1, 2}, Labels{0, 0, 1, 1, 0, 1});
  CHECK(confusion.total() == 6);
  CHECK(confusion.count(0, 1) == 1);
  CHECK(confusion.truths(1) == 2);
  CHECK(confusion.predictions(1) == 3);
  CHECK(confusion.accuracy() == Approx(0.5));
  CHECK(confusion.scores(0).precision == Approx(2.0 / 3));
  CHECK(confusion.scores(0).recall == Approx(2.0 / 3));
  CHECK(confusion.scores(1).f1 == Approx(0.4));
  CHECK(confusion.scores(2).f1 == 0);
  CHECK(confusion.scores(2).support == 1);
  CHECK(confusion.f1_macro() == Approx((2.0 / 3 + 0.4) / 3));
}

TEST_CASE("labels that never occur do not count in the macro mean") {
  CHECK(Confusion(3, Labels{0, 1}, Labels{0, 1}).f1_macro() == 1);
}

TEST_CASE("metrics where they are not defined") {
  CHECK(Confusion(2).accuracy() == 0);
  CHECK(Confusion(2).matthews() == 0);
  CHECK(Confusion(2, Labels{0, 1}, Labels{0, 0}).matthews() == 0);
  CHECK(std::isnan(gptask::pearson(Numbers{1}, Numbers{1})));
  CHECK(std::isnan(gptask::spearman(Numbers{1, 2}, Numbers{3, 3})));
  CHECK(std::isnan(gptask::roc_auc(Labels{1, 1}, Numbers{0.1, 0.2})));
  CHECK(gptask::average_precision(Labels{0, 0}, Numbers{0.1, 0.2}) == 0);
  CHECK(std::isnan(gptask::mean_squared_error({}, {})));
}

TEST_CASE("equal values share their mean rank; ties count half") {
  CHECK(gptask::ranks(Numbers{3, 1, 3, 2}) == Numbers{3.5, 1, 3.5, 2});
  CHECK(gptask::roc_auc(Labels{0, 1}, Numbers{0.5, 0.5}) == 0.5);
  CHECK(gptask::average_precision(Labels{0, 1}, Numbers{0.5, 0.5}) == 0.5);
}

TEST_CASE("metrics refuse what does not belong together") {
  CHECK_ERROR(Confusion(2, Labels{0, 1}, Labels{0}), "mismatch", "2 true labels but 1 predictions");
  CHECK_ERROR(Confusion(2, Labels{0}, Labels{2}), "mismatch", "label 2 is outside 0 .. 1");
  CHECK_ERROR(gptask::pearson(Numbers{1, 2}, Numbers{1}), "mismatch", "2 true values but 1 predictions");
}

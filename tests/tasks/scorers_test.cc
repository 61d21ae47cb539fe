#include "gptask/toolkit/scorers.h"

#include <cmath>
#include <numeric>

#include "gptask/toolkit/bootstrap.h"
#include "gptask/toolkit/calibration.h"
#include "gptask/toolkit/number_metrics.h"
#include "support/errors.h"

namespace {

using gptask::References;
using gptask::ScorerPointer;
using Json = nlohmann::ordered_json;
using Labels = std::vector<std::int32_t>;
using Rows = std::vector<std::uint32_t>;
using Texts = std::vector<std::string>;

double value(const Json& metrics, const std::string& name) { return metrics.at(name).get<double>(); }

/// 0 and 1 in turn, `ones` of `count`.
ScorerPointer hits(std::size_t count, std::size_t ones) {
  Labels truth(count, 1), predicted(count, 0);
  std::fill_n(predicted.begin(), ones, 1);
  return gptask::choice_scorer(truth, predicted);
}

}  // namespace

TEST_CASE("a scorer of labels scores the rows it is asked for") {
  const auto scorer = gptask::label_scorer(2, Labels{0, 1, 1, 0}, Labels{0, 1, 0, 1}, true);
  CHECK(value(scorer->all(), "accuracy") == 0.5);
  CHECK(value(scorer->all(), "combined_score") == 0.5);
  CHECK(value(scorer->metrics(Rows{0, 1, 1}), "accuracy") == 1);
  CHECK(value(scorer->metrics(Rows{1, 1, 3}), "precision") == Approx(2.0 / 3));
  CHECK_ERROR(gptask::label_scorer(2, Labels{0}, Labels{2}), "mismatch", "label 2 is outside 0 .. 1");
}

TEST_CASE("several labels a row, as scikit-learn has them") {
  // sklearn.metrics.f1_score([[1,0,1],[0,1,0],[0,0,0]], [[1,1,0],[0,1,0],[0,0,0]], average=..., zero_division=0)
  const auto scorer = gptask::multi_label_scorer({{true, false, true}, {false, true, false}, {false, false, false}},
                                                 {{true, true, false}, {false, true, false}, {false, false, false}});
  const Json metrics = scorer->all();
  CHECK(value(metrics, "accuracy") == Approx(2.0 / 3));
  CHECK(value(metrics, "f1_micro") == Approx(2.0 / 3));
  CHECK(value(metrics, "f1_macro") == Approx((1 + 2.0 / 3 + 0) / 3));
  CHECK(value(metrics, "f1_weighted") == Approx((1 + 2.0 / 3 + 0) / 3));
  CHECK(value(metrics, "f1_samples") == Approx((0.5 + 1 + 0) / 3));
  CHECK(value(scorer->metrics(Rows{1, 1}), "accuracy") == 1);
  CHECK_ERROR(gptask::multi_label_scorer({{true}}, {}), "mismatch", "1 true rows but 0 predictions");
  CHECK_ERROR(gptask::multi_label_scorer({{true}, {true}}, {{true}, {true, false}}), "mismatch",
              "row 2 has 1 true and 2 predicted labels; the first has 1");
}

TEST_CASE("numbers, scores and choices") {
  const auto numbers = gptask::number_scorer({1, 2, 3, 4}, {1, 3, 2, 4});
  CHECK(value(numbers->all(), "pearson") == Approx(0.8));
  CHECK(value(numbers->all(), "spearmanr") == Approx(0.8));
  CHECK(value(numbers->all(), "mse") == 0.5);
  CHECK(std::isnan(value(numbers->metrics(Rows{1, 1}), "pearson")));
  CHECK_ERROR(gptask::number_scorer({1}, {}), "mismatch", "1 true values but 0 predictions");
  CHECK(value(gptask::ranking_scorer({0, 1, 1}, {0.1, 0.9, 0.05})->all(), "roc_auc") == 0.5);
  const auto choices = gptask::choice_scorer({0, 1, 2}, {0, 1, 0}, {0, 0, 0});
  CHECK(value(choices->all(), "accuracy") == Approx(2.0 / 3));
  CHECK(value(choices->all(), "accuracy_norm") == Approx(1.0 / 3));
}

TEST_CASE("texts: the sums of rows give the figures of the corpus") {
  const Texts hypotheses = {"the cat sat on the mat", "", "a dog barked"};
  const References references = {{"the cat is on the mat", "a cat sat there"}, {"nothing"}, {"the dog barked loudly"}};
  const auto translation = gptask::translation_scorer(hypotheses, references);
  CHECK(value(translation->all(), "bleu") == Approx(gptask::Bleu().corpus(hypotheses, references).score));
  CHECK(value(translation->all(), "chrf") == Approx(gptask::Chrf().corpus(hypotheses, references)));
  CHECK(value(translation->all(), "chrf++") == Approx(gptask::Chrf({.word_order = 2}).corpus(hypotheses, references)));
  CHECK(value(translation->all(), "ter") == Approx(gptask::Ter().corpus(hypotheses, references)));
  CHECK(gptask::translation_signatures(references).at("chrf++").get<std::string>().rfind("nrefs:var|", 0) == 0);
  const auto summary = gptask::summary_scorer(hypotheses, references);
  CHECK(value(summary->metrics(Rows{1}), "rouge1") == 0);
  CHECK(value(summary->all(), "rouge1") == Approx(value(summary->metrics(Rows{0, 2}), "rouge1") * 2 / 3));
  CHECK_ERROR(gptask::summary_scorer({"a"}, {}), "mismatch", "1 predictions but 0 references");
  const auto both = gptask::joined_scorer(translation, summary);
  CHECK(both->all().size() == 8);
  CHECK_ERROR(gptask::joined_scorer(translation, hits(2, 1)), "mismatch", "scorers of 3 and 2 rows");
}

TEST_CASE("intervals are those of the bootstrap, and the same each time") {
  const auto scorer = hits(400, 300);
  const Json intervals = gptask::bootstrap_intervals(*scorer);
  CHECK(intervals == gptask::bootstrap_intervals(*scorer));
  CHECK_FALSE(intervals == gptask::bootstrap_intervals(*scorer, {.seed = 1}));
  const double half_width = 1.96 * std::sqrt(0.75 * 0.25 / 400);  // of the normal distribution
  CHECK(intervals.at("accuracy")[0].get<double>() == Approx(0.75 - half_width).margin(0.006));
  CHECK(intervals.at("accuracy")[1].get<double>() == Approx(0.75 + half_width).margin(0.006));
  CHECK(gptask::bootstrap_intervals(*scorer, {.samples = 0}).empty());
  const auto squad = gptask::squad_scorer({{{1, 1}}, {{0, 0.5}}}, {.version2 = true, .no_answer_scores = true});
  CHECK(squad->all().contains("total"));
  const Json of_squad = gptask::bootstrap_intervals(*squad);
  CHECK(of_squad.contains("best_f1"));
  CHECK_FALSE(of_squad.contains("total"));
  CHECK_FALSE(of_squad.contains("best_f1_thresh"));
  CHECK(gptask::bootstrap_intervals(*gptask::number_scorer({1, 1}, {2, 3})).at("pearson").is_null());
}

TEST_CASE("two systems are compared on the same rows") {
  const auto weak = hits(400, 280), strong = hits(400, 330);
  for (const auto test : {gptask::PairedTest::bootstrap, gptask::PairedTest::randomization}) {
    const Json result = gptask::paired_test(*weak, *strong, {.test = test, .samples = 500}).at("accuracy");
    CHECK(value(result, "difference") == Approx(0.125));
    CHECK(value(result, "p_value") == Approx(1.0 / 501));
    const Json equal = gptask::paired_test(*weak, *weak, {.test = test, .samples = 100}).at("accuracy");
    CHECK(value(equal, "p_value") == 1);
  }
  const Json interval = gptask::paired_test(*weak, *strong).at("accuracy").at("interval");
  CHECK(interval[0].get<double>() > 0.08);
  CHECK(interval[1].get<double>() < 0.17);
  CHECK_ERROR(gptask::paired_test(*weak, *hits(3, 1)), "mismatch", "needs the same rows, but there are 400 and 3");
  CHECK_ERROR(gptask::parse_paired_test("t"), "invalid_option", "--paired_test t: choose bootstrap or randomization");
}

TEST_CASE("rows of two systems are exchanged whatever the metric is made of") {
  using gptask::ScorerPointer;
  const gptask::PairedOptions options{.test = gptask::PairedTest::randomization, .samples = 50};
  const std::vector<gptask::Confidence> sure{{0.9, 0.8, true}, {0.6, 0.7, false}},
      unsure{{0.6, 0.8, true}, {0.9, 0.7, false}};
  const auto squad = [](double score) {
    return gptask::squad_scorer({{{1, 1}}, {{score, score}}}, {.version2 = true, .no_answer_scores = true});
  };
  const auto labels = [](std::int32_t second) { return gptask::label_scorer(2, {0, 1}, {0, second}); };
  const std::vector<std::pair<ScorerPointer, ScorerPointer>> systems{
      {labels(0), labels(1)},
      {gptask::number_scorer({1, 2, 3}, {1, 3, 2}), gptask::number_scorer({1, 2, 3}, {1, 2, 4})},
      {gptask::ranking_scorer({0, 1, 1}, {0.5, 0.4, 0.6}), gptask::ranking_scorer({0, 1, 1}, {0.1, 0.4, 0.6})},
      {squad(0), squad(1)},
      {gptask::joined_scorer(labels(0), gptask::confidence_scorer(sure, 0.7)),
       gptask::joined_scorer(labels(1), gptask::confidence_scorer(unsure, 0.7))}};
  for (const auto& [first, second] : systems) {
    const ScorerPointer both = first->followed_by(*second);
    CHECK(both->rows() == 2 * first->rows());
    std::vector<std::uint32_t> rows(second->rows());
    std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(first->rows()));
    CHECK(both->metrics(rows) == second->all());
    const Json result = gptask::paired_test(*first, *second, options);
    const std::string name = first->all().begin().key();
    INFO(name);
    CHECK(value(result.at(name), "difference") == Approx(value(second->all(), name) - value(first->all(), name)));
  }
  const ScorerPointer calibrated = systems.back().first;  // only what both have is compared
  CHECK(gptask::paired_test(*labels(1), *calibrated, options).contains("accuracy"));
  CHECK_FALSE(gptask::paired_test(*calibrated, *labels(1), options).contains("ece"));
  CHECK_ERROR(gptask::paired_test(*labels(1), *gptask::label_scorer(3, {0, 2}, {0, 1}), options), "mismatch",
              "one system knows 2 labels and the other 3");
  CHECK_ERROR(gptask::paired_test(*labels(1), *gptask::number_scorer({1, 2}, {2, 1}), options), "mismatch",
              "scored in different ways, so their rows cannot be exchanged; take --paired_test bootstrap");
}

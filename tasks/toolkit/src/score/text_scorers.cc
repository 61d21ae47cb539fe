// Summaries and translations: what is costly is done once a row.
#include "gpt/core/error.h"
#include "gptask/toolkit/rouge.h"
#include "gptask/toolkit/scorers.h"

namespace gptask {
namespace {

void check_rows(std::size_t predictions, std::size_t references) {
  if (predictions != references)
    gpt::fail(gpt::ErrorCode::mismatch, "{} predictions but {} references", predictions, references);
}

struct Translation {
  Bleu bleu;
  Chrf chrf, chrf_words;
  Ter ter;

  explicit Translation(const TranslationOptions& options)
      : bleu(options.bleu),
        chrf({.lowercase = options.lowercase}),
        chrf_words({.word_order = 2, .lowercase = options.lowercase}),
        ter(options.ter) {}

  std::size_t width() const { return bleu.width() + chrf.width() + chrf_words.width() + ter.width(); }

  nlohmann::ordered_json scores(std::span<const double> sums) const {
    const auto next = [&](std::size_t width) {
      const auto part = sums.first(width);
      sums = sums.subspan(width);
      return part;
    };
    nlohmann::ordered_json scores;
    scores["bleu"] = bleu.score(next(bleu.width())).score;
    scores["chrf"] = chrf.score(next(chrf.width()));
    scores["chrf++"] = chrf_words.score(next(chrf_words.width()));
    scores["ter"] = ter.score(next(ter.width()));
    return scores;
  }
};

}  // namespace

ScorerPointer summary_scorer(const std::vector<std::string>& predictions, const References& references, bool stem) {
  check_rows(predictions.size(), references.size());
  std::vector<double> statistics;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const RougeScores scores = rouge(references[i], predictions[i], stem);
    statistics.insert(statistics.end(), {scores.rouge1.f, scores.rouge2.f, scores.rouge_l.f, scores.rouge_lsum.f});
  }
  return std::make_shared<gpt::SumScorer>(4, std::move(statistics), [](std::span<const double> sums, double rows) {
    const auto mean = [&](std::size_t i) { return rows > 0 ? 100 * sums[i] / rows : 0; };
    return nlohmann::ordered_json{
        {"rouge1", mean(0)}, {"rouge2", mean(1)}, {"rougeL", mean(2)}, {"rougeLsum", mean(3)}};
  });
}

ScorerPointer translation_scorer(const std::vector<std::string>& hypotheses, const References& references,
                                 const TranslationOptions& options) {
  check_rows(hypotheses.size(), references.size());
  const auto metrics = std::make_shared<const Translation>(options);
  std::vector<double> statistics;
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    const auto add = [&](const auto& metric) {
      const std::vector<double> row = metric.statistics(hypotheses[i], references[i]);
      statistics.insert(statistics.end(), row.begin(), row.end());
    };
    add(metrics->bleu);
    add(metrics->chrf);
    add(metrics->chrf_words);
    add(metrics->ter);
  }
  return std::make_shared<gpt::SumScorer>(
      metrics->width(), std::move(statistics),
      [metrics](std::span<const double> sums, double) { return metrics->scores(sums); });
}

nlohmann::ordered_json summary_signatures(bool stem) {
  return {{"rouge", fmt::format("F-measure in percent, as rouge-score 0.1.2, {}; lines are the sentences of rougeLsum",
                                stem ? "words stemmed" : "words as they are")}};
}

nlohmann::ordered_json translation_signatures(const References& references, const TranslationOptions& options) {
  const Translation metrics(options);
  return {{"bleu", metrics.bleu.signature(references)},
          {"chrf", metrics.chrf.signature(references)},
          {"chrf++", metrics.chrf_words.signature(references)},
          {"ter", metrics.ter.signature(references)}};
}

}  // namespace gptask

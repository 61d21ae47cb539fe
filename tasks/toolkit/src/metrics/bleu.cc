#include "gptask/toolkit/bleu.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "gpt/core/error.h"
#include "metrics/bleu_tokenizers.h"
#include "metrics/ngrams.h"
#include "metrics/signature.h"
#include "metrics/unicode.h"

namespace gptask {
namespace {

constexpr std::array<std::string_view, 5> tokenizer_names = {"13a", "intl", "zh", "char", "none"};
constexpr std::array<std::string_view, 4> smoothing_names = {"none", "floor", "add-k", "exp"};

template <typename Names>
std::size_t find_name(const Names& names, std::string_view name, std::string_view option) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    gpt::fail(gpt::ErrorCode::invalid_option, "--{} {}: choose one of {}", option, name, fmt::join(names, ", "));
  return static_cast<std::size_t>(found - names.begin());
}

std::size_t closest_length(std::size_t length, const std::vector<std::size_t>& candidates) {
  const auto distance = [&](std::size_t other) { return other > length ? other - length : length - other; };
  return *std::min_element(candidates.begin(), candidates.end(), [&](std::size_t a, std::size_t b) {
    return distance(a) != distance(b) ? distance(a) < distance(b) : a < b;
  });
}

}  // namespace

BleuTokenizer parse_bleu_tokenizer(std::string_view name) {
  return static_cast<BleuTokenizer>(find_name(tokenizer_names, name, "tokenize"));
}

Smoothing parse_smoothing(std::string_view name) {
  return static_cast<Smoothing>(find_name(smoothing_names, name, "smooth_method"));
}

Bleu::Bleu(const BleuOptions& options) : options_(options) {
  if (options_.max_order < 1)
    gpt::fail(gpt::ErrorCode::invalid_option, "BLEU of n-grams up to {}: at least 1 is needed", options_.max_order);
}

std::vector<double> Bleu::statistics(std::string_view hypothesis, std::span<const std::string> references) const {
  const auto orders = static_cast<std::size_t>(options_.max_order);
  check_references(references);
  Vocabulary vocabulary;
  const auto words = [&](std::string_view text) {
    std::u32string points = decode(text);
    if (options_.lowercase) points = lower(std::move(points));
    points = bleu_tokenize(std::u32string(strip_right(points)), options_.tokenizer);
    return vocabulary.ids(split(points));
  };
  const std::vector<std::uint32_t> said = words(hypothesis);
  std::vector<std::vector<std::uint32_t>> wanted;
  std::vector<std::size_t> lengths;
  for (const std::string& reference : references) {
    wanted.push_back(words(reference));
    lengths.push_back(wanted.back().size());
  }
  std::vector<double> statistics(2 + 2 * orders);
  statistics[0] = static_cast<double>(said.size());
  statistics[1] = static_cast<double>(closest_length(said.size(), lengths));
  for (std::size_t order = 1; order <= orders; ++order) {
    const Ngrams mine(said, order);
    Ngrams theirs(wanted[0], order);
    for (std::size_t i = 1; i < wanted.size(); ++i) theirs.take_maximum(Ngrams(wanted[i], order));
    statistics[1 + order] = static_cast<double>(mine.matches(theirs));
    statistics[1 + orders + order] = static_cast<double>(mine.total());
  }
  return statistics;
}

BleuScore Bleu::score(std::span<const double> sums) const {
  const auto orders = static_cast<std::size_t>(options_.max_order);
  BleuScore score;
  score.hypothesis_length = sums[0];
  score.reference_length = sums[1];
  score.precisions.assign(orders, 0);
  if (sums[0] < sums[1]) score.brevity_penalty = sums[0] > 0 ? std::exp(1 - sums[1] / sums[0]) : 0;
  const auto matched = sums.subspan(2, orders);
  if (std::all_of(matched.begin(), matched.end(), [](double count) { return count == 0; })) return score;

  double halving = 1, added = 0;
  std::size_t used = orders;
  for (std::size_t n = 0; n < orders; ++n) {
    if (options_.smoothing == Smoothing::add_k && n > 0) added = options_.smooth_value.value_or(1);
    const double correct = sums[2 + n] + added, total = sums[2 + orders + n] + added;
    if (total == 0) break;
    if (options_.effective_order) used = n + 1;
    if (correct != 0) {
      score.precisions[n] = 100 * correct / total;
    } else if (options_.smoothing == Smoothing::exp) {
      halving *= 2;
      score.precisions[n] = 100 / (halving * total);
    } else if (options_.smoothing == Smoothing::floor) {
      score.precisions[n] = 100 * options_.smooth_value.value_or(0.1) / total;
    }
  }
  double logarithms = 0;
  for (std::size_t n = 0; n < used; ++n)
    logarithms += score.precisions[n] > 0 ? std::log(score.precisions[n]) : -std::numeric_limits<double>::infinity();
  score.score = score.brevity_penalty * std::exp(logarithms / static_cast<double>(used));
  return score;
}

BleuScore Bleu::corpus(std::span<const std::string> hypotheses, const References& references) const {
  return score(sum_of_statistics(*this, hypotheses, references));
}

std::string Bleu::signature(const References& references) const {
  const auto smoothing = static_cast<std::size_t>(options_.smoothing);
  std::string smooth(smoothing_names[smoothing]);
  if (options_.smoothing == Smoothing::floor) smooth += fmt::format("[{:.2f}]", options_.smooth_value.value_or(0.1));
  if (options_.smoothing == Smoothing::add_k) smooth += fmt::format("[{:.2f}]", options_.smooth_value.value_or(1));
  return fmt::format("nrefs:{}|case:{}|eff:{}|tok:{}|smooth:{}|version:{}", reference_count(references),
                     options_.lowercase ? "lc" : "mixed", options_.effective_order ? "yes" : "no",
                     tokenizer_names[static_cast<std::size_t>(options_.tokenizer)], smooth, sacrebleu_version);
}

}  // namespace gptask

#include "gptask/toolkit/chrf.h"

#include "gpt/core/error.h"
#include "metrics/ngrams.h"
#include "metrics/signature.h"
#include "metrics/unicode.h"

namespace gptask {
namespace {

bool is_ascii_mark(char32_t c) {
  return (c >= U'!' && c <= U'/') || (c >= U':' && c <= U'@') || (c >= U'[' && c <= U'`') || (c >= U'{' && c <= U'~');
}

/// Words without the mark at their end, or else at their beginning, which becomes a word of its own.
std::vector<std::u32string_view> words_and_marks(std::u32string_view text) {
  std::vector<std::u32string_view> words;
  for (const std::u32string_view word : split(text)) {
    const std::size_t last = word.size() - 1;
    const std::size_t cut = word.size() == 1 ? 0 : is_ascii_mark(word[last]) ? last : is_ascii_mark(word[0]) ? 1 : 0;
    if (cut > 0) words.push_back(word.substr(0, cut));
    words.push_back(word.substr(cut));
  }
  return words;
}

struct Segment {
  std::vector<std::uint32_t> characters, words;
};

std::vector<Ngrams> all_ngrams(const Segment& segment, const ChrfOptions& options) {
  std::vector<Ngrams> all;
  for (int order = 1; order <= options.char_order; ++order)
    all.emplace_back(segment.characters, static_cast<std::size_t>(order));
  for (int order = 1; order <= options.word_order; ++order)
    all.emplace_back(segment.words, static_cast<std::size_t>(order));
  return all;
}

Segment read_segment(std::string_view text, const ChrfOptions& options, Vocabulary& vocabulary) {
  std::u32string points = decode(text);
  if (options.lowercase) points = lower(std::move(points));
  Segment segment;
  for (const char32_t c : points)
    if (options.whitespace || !is_space(c)) segment.characters.push_back(static_cast<std::uint32_t>(c));
  if (options.word_order > 0) segment.words = vocabulary.ids(words_and_marks(points));
  return segment;
}

}  // namespace

Chrf::Chrf(const ChrfOptions& options) : options_(options) {
  if (options_.char_order < 0 || options_.word_order < 0 || options_.char_order + options_.word_order < 1)
    gpt::fail(gpt::ErrorCode::invalid_option, "chrF of {} character and {} word orders: at least one is needed",
              options_.char_order, options_.word_order);
  if (options_.beta < 1)
    gpt::fail(gpt::ErrorCode::invalid_option, "chrF: beta is {}, at least 1 is needed", options_.beta);
}

std::vector<double> Chrf::statistics(std::string_view hypothesis, std::span<const std::string> references) const {
  check_references(references);
  Vocabulary vocabulary;
  const Segment said = read_segment(hypothesis, options_, vocabulary);
  const std::vector<Ngrams> mine = all_ngrams(said, options_);
  std::vector<double> best;
  double best_score = -1;
  for (const std::string& reference : references) {
    const Segment wanted = read_segment(reference, options_, vocabulary);
    const std::vector<Ngrams> theirs = all_ngrams(wanted, options_);
    std::vector<double> statistics;
    for (std::size_t i = 0; i < mine.size(); ++i) {
      // An order that the reference is too short for counts for nobody.
      statistics.push_back(theirs[i].total() > 0 ? static_cast<double>(mine[i].total()) : 0);
      statistics.push_back(static_cast<double>(theirs[i].total()));
      statistics.push_back(static_cast<double>(mine[i].matches(theirs[i])));
    }
    if (const double value = score(statistics); value > best_score) {
      best_score = value;
      best = std::move(statistics);
    }
  }
  return best;
}

double Chrf::score(std::span<const double> sums) const {
  constexpr double epsilon = 1e-16;
  const double factor = static_cast<double>(options_.beta) * options_.beta;
  double all_orders = 0, precisions = 0, recalls = 0, used = 0;
  for (std::size_t i = 0; i + 2 < sums.size(); i += 3) {
    const double said = sums[i], wanted = sums[i + 1], matched = sums[i + 2];
    const double precision = said > 0 ? matched / said : epsilon;
    const double recall = wanted > 0 ? matched / wanted : epsilon;
    const double denominator = factor * precision + recall;
    all_orders += denominator > 0 ? (1 + factor) * precision * recall / denominator : epsilon;
    if (said <= 0 || wanted <= 0) continue;
    precisions += precision;
    recalls += recall;
    ++used;
  }
  if (options_.eps_smoothing) return 100 * all_orders / (static_cast<double>(sums.size()) / 3);
  if (used == 0 || precisions + recalls == 0) return 0;
  const double precision = precisions / used, recall = recalls / used;
  return 100 * ((1 + factor) * precision * recall / (factor * precision + recall));
}

double Chrf::corpus(std::span<const std::string> hypotheses, const References& references) const {
  return score(sum_of_statistics(*this, hypotheses, references));
}

std::string Chrf::signature(const References& references) const {
  return fmt::format("nrefs:{}|case:{}|eff:{}|nc:{}|nw:{}|space:{}|version:{}", reference_count(references),
                     options_.lowercase ? "lc" : "mixed", options_.eps_smoothing ? "no" : "yes", options_.char_order,
                     options_.word_order, options_.whitespace ? "yes" : "no", sacrebleu_version);
}

}  // namespace gptask

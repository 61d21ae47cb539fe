#include "gptask/qa/spans.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "gpt/core/error.h"

namespace gptask {
namespace {

/// The places of the n highest scores, the later one first among equal ones (as a reversed argsort gives them).
std::vector<std::size_t> highest(std::span<const float> output, std::size_t side, std::size_t n) {
  std::vector<std::size_t> places(output.size() / 2);
  std::iota(places.begin(), places.end(), std::size_t{0});
  const std::size_t count = std::min(n, places.size());
  std::partial_sort(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(count), places.end(),
                    [&](std::size_t a, std::size_t b) {
                      const float x = output[2 * a + side], y = output[2 * b + side];
                      return x != y ? x > y : a > b;
                    });
  places.resize(count);
  return places;
}

/// Passage tokens [first, last] without the white space around them.
Span cut_out(const Passage& passage, std::size_t first, std::size_t last) {
  const gpt::Encoding& encoding = passage.encoding;
  Span span;
  span.bytes = {encoding.bytes[first].begin, encoding.bytes[last].end};
  span.code_points = {encoding.code_points[first].begin, encoding.code_points[last].end};
  const auto space = [&](std::uint32_t at) {
    return std::string_view(" \t\r\n").find(passage.text[at]) != std::string_view::npos;
  };
  for (; span.bytes.begin < span.bytes.end && space(span.bytes.begin); ++span.bytes.begin) ++span.code_points.begin;
  for (; span.bytes.begin < span.bytes.end && space(span.bytes.end - 1); --span.bytes.end) --span.code_points.end;
  span.text = passage.text.substr(span.bytes.begin, span.bytes.end - span.bytes.begin);
  return span;
}

/// Adds a window's spans; returns its score that there is no answer.
Span add_window(const QaData& data, const Passage& passage, std::size_t window, std::span<const float> output,
                const SpanOptions& options, std::vector<Span>& spans) {
  const Window& w = data.windows()[window];
  const std::size_t tokens = data.examples[window].tokens.size(), n = static_cast<std::size_t>(options.n_best);
  if (output.size() != 2 * tokens)
    gpt::fail(gpt::ErrorCode::mismatch,
              "{} scores for a window of {} tokens; a start and an end score a token were due", output.size(), tokens);
  const std::size_t passage_end = w.prefix + (w.end - w.begin);
  const auto ends = highest(output, 1, n);
  for (const std::size_t start : highest(output, 0, n))
    for (const std::size_t end : ends) {
      if (start < w.prefix || end >= passage_end || end < start) continue;
      if (end - start + 1 > static_cast<std::size_t>(options.max_answer_length)) continue;
      Span span = cut_out(passage, w.begin + start - w.prefix, w.begin + end - w.prefix);
      span.start_score = static_cast<double>(output[2 * start]);
      span.end_score = static_cast<double>(output[2 * end + 1]);
      spans.push_back(std::move(span));
    }
  Span none;
  none.start_score = static_cast<double>(output[2 * tokens - 2]);
  none.end_score = static_cast<double>(output[2 * tokens - 1]);
  return none;
}

void add_probabilities(std::vector<Span>& spans) {
  double top = spans.front().score(), sum = 0;
  for (const Span& span : spans) top = std::max(top, span.score());
  for (Span& span : spans) sum += span.probability = std::exp(span.score() - top);
  for (Span& span : spans) span.probability /= sum;
}

bool is_none(const Span& span) { return span.bytes.begin == span.bytes.end; }

}  // namespace

const Span& QuestionAnswer::chosen() const {
  const auto found = std::find_if(best.begin(), best.end(), [&](const Span& span) { return span.text == text; });
  return found == best.end() ? best.front() : *found;
}

QuestionAnswer find_answer(const QaData& data, std::size_t first, std::span<const std::vector<float>> outputs,
                           const SpanOptions& options) {
  QuestionAnswer answer;
  const Passage passage = data.passage(data.windows()[first].question);
  std::optional<Span> none;
  for (std::size_t w = 0; w < outputs.size(); ++w) {
    Span of_window = add_window(data, passage, first + w, outputs[w], options, answer.best);
    if (!none || of_window.score() < none->score()) none = std::move(of_window);
  }
  if (options.version2 || answer.best.empty()) answer.best.push_back(*none);
  std::stable_sort(answer.best.begin(), answer.best.end(),
                   [](const Span& a, const Span& b) { return a.score() > b.score(); });
  answer.best.resize(std::min(answer.best.size(), static_cast<std::size_t>(options.n_best)));
  if (options.version2 && std::none_of(answer.best.begin(), answer.best.end(), is_none)) answer.best.push_back(*none);
  add_probabilities(answer.best);
  answer.text = answer.best.front().text;
  if (!options.version2) return answer;
  const auto best = std::find_if(answer.best.begin(), answer.best.end(), [](const Span& s) { return !is_none(s); });
  answer.no_answer_score = best == answer.best.end() ? 0 : none->score() - best->score();
  const bool silent = best == answer.best.end() || answer.no_answer_score > options.null_threshold;
  answer.text = silent ? "" : best->text;
  return answer;
}

}  // namespace gptask

#include "gptask/sentiment/task.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "gpt/core/error.h"
#include "gptask/toolkit/labels.h"

namespace gptask {
namespace {

using gpt::ErrorCode;
using gpt::fail;

constexpr std::string_view black_star = "\u2605", white_star = "\u2606";

/// How many stars a text of nothing but stars shows.
std::optional<double> drawn_stars(std::string_view text) {
  double count = 0;
  while (!text.empty()) {
    if (!text.starts_with(black_star) && !text.starts_with(white_star)) return std::nullopt;
    if (text.starts_with(black_star)) ++count;
    text.remove_prefix(black_star.size());
  }
  return count;
}

bool drop_ending(std::string_view& text, std::string_view ending) {
  if (!text.ends_with(ending)) return false;
  text.remove_suffix(ending.size());
  while (text.ends_with(' ') || text.ends_with('-')) text.remove_suffix(1);
  return true;
}

bool drop_unit(std::string_view& text) {
  return drop_ending(text, "stars") || drop_ending(text, "star") || drop_ending(text, black_star);
}

/// In digits or, where the text is known to be a grade, in words.
std::optional<double> number_of(std::string_view text, bool words) {
  static constexpr std::array<std::string_view, 11> names = {"zero", "one",   "two",   "three", "four", "five",
                                                             "six",  "seven", "eight", "nine",  "ten"};
  double value = 0;
  if (parse_number(text, value)) return value;
  const auto found = std::find(names.begin(), names.end(), text);
  if (!words || found == names.end()) return std::nullopt;
  return static_cast<double>(found - names.begin());
}

/// "4/5", "4 out of 5", "4 of 5": the best grade there is goes.
bool drop_scale(std::string_view& text) {
  for (const std::string_view between : {"/", " out of ", " of "}) {
    const std::size_t at = text.find(between);
    if (at == std::string_view::npos) continue;
    std::string_view most = text.substr(at + between.size());
    most.remove_prefix(std::min(most.find_first_not_of(' '), most.size()));
    if (number_of(most, true)) return drop_ending(text, text.substr(at));
  }
  return false;
}

/// The number of "4", "4.0", "4 stars", "4-star", "four stars", "4/5", "4 out of 5 stars" and the like; none for other
/// texts.
std::optional<double> grade_of(std::string text) {
  if (const auto drawn = drawn_stars(text)) return drawn;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::string_view rest = text;
  const bool unit_last = drop_unit(rest), scale = drop_scale(rest), unit_first = drop_unit(rest);
  return number_of(rest, unit_last || scale || unit_first);
}

}  // namespace

void SentimentTask::declare_options(gpt::Options& options) const {
  ClassificationTask::declare_options(options);
  options.declare({"half_stars",
                   gpt::OptionSpec::Kind::text,
                   "refuse",
                   "Grades such as 3.5: refuse them, or take the whole star below or above",
                   {"refuse", "down", "up"}});
}

void SentimentTask::configure(const gpt::Options& options) {
  ClassificationTask::configure(options);
  if (options.given("half_stars")) half_stars_ = options.text("half_stars");
}

nlohmann::ordered_json SentimentTask::state() const {
  nlohmann::ordered_json state = ClassificationTask::state();
  state["half_stars"] = half_stars_;
  return state;
}

void SentimentTask::restore(const nlohmann::ordered_json& state) {
  ClassificationTask::restore(state);
  half_stars_ = state.value("half_stars", "refuse");
}

const ColumnNames& SentimentTask::column_names() const {
  static const ColumnNames names{
      {"text", "review", "sentence", "phrase", "tweet", "comment", "content", "review_text", "review_body"},
      {{"text", "aspect"}, {"review", "aspect"}, {"sentence", "aspect"}, {"text", "term"}, {"sentence", "term"}},
      {"label", "sentiment", "category", "rating", "stars", "grade", "score", "polarity", "class"}};
  return names;
}

std::string SentimentTask::normalized_label(std::string label, const std::string& where) const {
  const std::optional<double> grade = grade_of(label);
  if (!grade) return label;
  double whole = std::round(*grade);
  if (whole != *grade) {
    if (half_stars_ == "refuse")
      fail(ErrorCode::malformed,
           "{}: the grade \"{}\" is no whole number; --half_stars down or up takes the whole star below or above",
           where, label);
    whole = half_stars_ == "down" ? std::floor(*grade) : std::ceil(*grade);
  }
  return fmt::format("{:.0f}", whole);
}

std::unique_ptr<gpt::TaskData> SentimentTask::read(const std::filesystem::path& file, const gpt::Reading& how) {
  auto data = ClassificationTask::read(file, how);
  if (how.purpose == gpt::Purpose::train && problem() == Problem::single_label && labels().size() > most_grades)
    fail(ErrorCode::malformed,
         "{}: {} different labels, where a sentiment has two to five grades; is --label_column right? gptask finetune "
         "classification takes any number of labels",
         data->source, labels().size());
  return data;
}

}  // namespace gptask

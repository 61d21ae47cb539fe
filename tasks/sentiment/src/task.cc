#include "gptask/sentiment/task.h"

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

/// The number of "4", "4.0", "4 stars", "4-star", "4/5"; none for other texts.
std::optional<double> grade_of(std::string_view text) {
  if (const auto drawn = drawn_stars(text)) return drawn;
  for (const std::string_view word : {"stars", "star", "Stars", "Star"})
    if (text.ends_with(word)) {
      text.remove_suffix(word.size());
      while (text.ends_with(' ') || text.ends_with('-')) text.remove_suffix(1);
      break;
    }
  double value = 0, most = 0;
  if (const std::size_t slash = text.find('/');
      slash != std::string_view::npos && parse_number(text.substr(slash + 1), most))
    text = text.substr(0, slash);
  if (!parse_number(text, value)) return std::nullopt;
  return value;
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
         "{}: {} different labels, where a sentiment has two to five grades ({} at most); is --label_column right? "
         "(finetune classification takes any number of labels)",
         data->source, labels().size(), most_grades);
  return data;
}

}  // namespace gptask

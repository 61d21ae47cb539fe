// Sentiment of reviews: classification that knows how files of reviews name their columns and write their grades.
#pragma once

#include "gptask/classification/task.h"

namespace gptask {

/// Labels are whatever the file has (fresh and rotten, 0 and 1, one to five stars), kept as they are written, except
/// for grades in numbers: "4 stars", "four stars", "4-star", "4/5", "4 out of 5", "4.0", a 4 before U+2605 and four
/// U+2605 are all "4". Half stars are refused, or mapped as --half_stars says. Error malformed for more than
/// most_grades of them: such a column is hardly a grade. Probabilities are calibrated on the validation set. An aspect,
/// where there is one, is the second text.
class SentimentTask : public ClassificationTask {
 public:
  static constexpr std::size_t most_grades = 5;

  void declare_options(gpt::Options& options) const override;
  void configure(const gpt::Options& options) override;
  nlohmann::ordered_json state() const override;
  void restore(const nlohmann::ordered_json& state) override;
  std::unique_ptr<gpt::TaskData> read(const std::filesystem::path& file, const gpt::Reading& how) override;

 protected:
  const ColumnNames& column_names() const override;
  bool calibrates_by_default() const override { return true; }
  std::string normalized_label(std::string label, const std::string& where) const override;

 private:
  std::string half_stars_ = "refuse";
};

}  // namespace gptask

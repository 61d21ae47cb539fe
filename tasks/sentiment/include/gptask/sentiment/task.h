// Sentiment of reviews: classification that knows how files of reviews name their columns.
#pragma once

#include "gptask/classification/task.h"

namespace gptask {

/// Labels are whatever the file has (fresh and rotten, 0 and 1, one to five stars), kept as they are written. Error
/// malformed for more than most_grades of them: such a column is hardly a grade.
class SentimentTask : public ClassificationTask {
 public:
  static constexpr std::size_t most_grades = 11;  ///< 0 to 10

  std::unique_ptr<gpt::TaskData> read(const std::filesystem::path& file, const gpt::Tokenizer& tokenizer,
                                      std::int64_t max_tokens, gpt::Purpose purpose) override;

 protected:
  const ColumnNames& column_names() const override;
};

}  // namespace gptask

#include "gptask/sentiment/task.h"

#include "gpt/core/error.h"

namespace gptask {

const ColumnNames& SentimentTask::column_names() const {
  static const ColumnNames names{
      {"text", "review", "sentence", "phrase", "tweet", "comment", "content", "review_text", "review_body"},
      {},
      {"label", "sentiment", "category", "rating", "stars", "grade", "score", "polarity", "class"}};
  return names;
}

std::unique_ptr<gpt::TaskData> SentimentTask::read(const std::filesystem::path& file, const gpt::Tokenizer& tokenizer,
                                                   std::int64_t max_tokens, gpt::Purpose purpose) {
  auto data = ClassificationTask::read(file, tokenizer, max_tokens, purpose);
  if (purpose == gpt::Purpose::train && labels().size() > most_grades)
    gpt::fail(gpt::ErrorCode::malformed,
              "{}: {} different labels, where a sentiment has two to five grades ({} at most); is --label_column "
              "right? (finetune "
              "classification takes any number of labels)",
              data->source, labels().size(), most_grades);
  return data;
}

}  // namespace gptask

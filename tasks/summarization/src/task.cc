#include "gptask/summarization/task.h"

#include "gptask/toolkit/sentences.h"

namespace gptask {

TextToTextTask::Columns SummarizationTask::usual_columns() const {
  return {{"document", "dialogue", "article", "text", "source", "content", "body"},
          {"summary", "highlights", "target", "abstract", "tldr", "title"}};
}

ScorerPointer SummarizationTask::scorer(const std::vector<std::string>& predictions,
                                        const References& references) const {
  return summary_scorer(predictions, references);
}

nlohmann::ordered_json SummarizationTask::signatures(const References&) const { return summary_signatures(); }

std::vector<std::pair<std::string, std::string>> SummarizationTask::trivial_answers(const std::string& source) const {
  return {{"the first three sentences", lead(source, 3)}, {"the whole text", source}};
}

}  // namespace gptask

// Summaries: a text and a shorter one.
#pragma once

#include "gptask/text_to_text/task.h"

namespace gptask {

/// ROUGE-1, -2, -L and -Lsum with stemming, as run_summarization.py has them; beside them the first three sentences of
/// the text and the whole of it.
class SummarizationTask final : public TextToTextTask {
 public:
  std::string main_metric() const override { return "rougeL"; }

 protected:
  Columns usual_columns() const override;
  std::string usual_template() const override { return "{source}\n\nSummary:"; }
  ScorerPointer scorer(const std::vector<std::string>& predictions, const References& references) const override;
  std::vector<std::pair<std::string, std::string>> trivial_answers(const std::string& source) const override;
  nlohmann::ordered_json signatures(const References& references) const override;
};

}  // namespace gptask

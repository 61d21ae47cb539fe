// Extractive question answering: a span of the passage, or that there is none (SQuAD 1.1 and 2.0).
#pragma once

#include <string>
#include <vector>

#include "gpt/plugin/task.h"
#include "gptask/qa/data.h"
#include "gptask/qa/spans.h"
#include "gptask/toolkit/row_reader.h"

namespace gptask {

struct QaColumns {
  std::string id = "id", question = "question", context = "context", answers = "answers", start = "answer_start";
};

/// The input is "question separator passage end": the question comes first, since a token of the passage sees only what
/// stands before it, and the end-of-text token (a new line where the tokenizer has none) closes it, the one place that
/// has seen everything: there sits the score that a window holds no answer. A passage that does not fit is read in
/// windows that overlap.
class QaTask : public gpt::Task {
 public:
  void declare_options(gpt::Options& options) const override;
  void configure(const gpt::Options& options) override;
  /// {"template" (for a reader), "separator", "tokens", "max_query_length", "doc_stride", "spans": {...}, "columns":
  /// {...}}
  nlohmann::ordered_json state() const override;
  void restore(const nlohmann::ordered_json& state) override;

  std::int64_t usual_max_tokens() const override { return 384; }  // run_qa.py's

  /// SQuAD's JSON ({"data": [{"paragraphs": [...]}]}), or rows with a question, a passage and answers: text and its
  /// start in code points in two columns, or {"text": [...], "answer_start": [...]} in one, as Hugging Face has it.
  std::unique_ptr<gpt::TaskData> read(const std::filesystem::path& file, const gpt::Reading& how) override;
  /// "question TAB passage" each.
  std::unique_ptr<gpt::TaskData> from_texts(std::span<const std::string> texts, const gpt::Tokenizer& tokenizer,
                                            std::int64_t max_tokens) const override;
  std::vector<std::string> new_tokens() const override { return windows_.tokens.names(); }
  std::unique_ptr<gpt::Head> make_head(gpt::Decoder& decoder, gpt::Random& random) const override;

  /// exact_match and f1, or those of SQuAD 2.0; files predictions.json, nbest_predictions.json and, for 2.0,
  /// null_odds.json, as run_qa.py writes them.
  gpt::Evaluation evaluate(const gpt::TaskData& data, std::span<const std::vector<float>> outputs) const override;
  /// Of the one window given; answers() joins the windows of a question.
  nlohmann::ordered_json answer(const gpt::TaskData& data, std::size_t i, std::span<const float> output) const override;
  /// {"answer", "start", "end" (code points of the passage), "probability", "nbest", and for 2.0 "no_answer_score"}
  std::vector<nlohmann::ordered_json> answers(const gpt::TaskData& data,
                                              std::span<const std::vector<float>> outputs) const override;
  std::string main_metric() const override { return "f1"; }
  nlohmann::ordered_json transformers() const override {
    return {{"architecture", "ForQuestionAnswering"}, {"config", nlohmann::ordered_json::object()}};
  }

 private:
  WindowOptions windows_;
  SpanOptions spans_;
  QaColumns columns_;
  ReadOptions format_;
};

}  // namespace gptask

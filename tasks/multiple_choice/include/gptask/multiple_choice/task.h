// Multiple choice: which of several continuations answers a question.
#pragma once

#include <string>
#include <vector>

#include "gpt/plugin/task.h"
#include "gptask/multiple_choice/data.h"
#include "gptask/toolkit/row_reader.h"
#include "gptask/toolkit/special_tokens.h"

namespace gptask {

enum class ChoiceScoring {
  head,        ///< a trained score (gpt::ChoiceHead)
  likelihood,  ///< the language model's own, with no training at all (gpt::LikelihoodHead)
};

/// Each choice is read as "template(question) choice", a sequence of its own.
class MultipleChoiceTask : public gpt::Task {
 public:
  void declare_options(gpt::Options& options) const override;
  void configure(const gpt::Options& options) override;
  /// {"template" (for a reader), "prompt", "tokens", "scoring", "most_choices", "columns": {...}}
  nlohmann::ordered_json state() const override;
  void restore(const nlohmann::ordered_json& state) override;

  std::int64_t usual_max_tokens() const override { return 0; }

  /// Rows with a question, its choices and the right one: columns of a choice each, or one column with a JSON list (or
  /// {"text": [...], "label": [...]}, as Hugging Face has ARC). The right one is a number from --first_choice on, a
  /// letter, one of those labels, or the choice itself; it may stand in a file of its own, a line a row.
  std::unique_ptr<gpt::TaskData> read(const std::filesystem::path& file, const gpt::Reading& how) override;
  /// "question TAB choice TAB choice ..." each.
  std::unique_ptr<gpt::TaskData> from_texts(std::span<const std::string> texts, const gpt::Tokenizer& tokenizer,
                                            std::int64_t max_tokens) const override;
  std::unique_ptr<gpt::Head> make_head(gpt::Decoder& decoder, gpt::Random& random) const override;
  std::vector<std::string> new_tokens() const override { return tokens_.names(); }
  bool zero_shot() override;

  /// accuracy, and with likelihoods accuracy_norm: each divided by the choice's length in characters.
  gpt::Evaluation evaluate(const gpt::TaskData& data, std::span<const std::vector<float>> outputs) const override;
  /// {"label" (from 0), "answer", "probability", "probabilities": [...]}
  nlohmann::ordered_json answer(const gpt::TaskData& data, std::size_t i, std::span<const float> output) const override;
  std::string main_metric() const override { return "accuracy"; }
  nlohmann::ordered_json transformers() const override;

 private:
  struct Columns {
    std::vector<std::string> question, choices;
    std::string label;
  };
  class Reader;
  void add(ChoiceData& data, const std::string& question, std::vector<std::string> choices,
           const gpt::Tokenizer& tokenizer, std::int64_t max_tokens, std::uint64_t row, const std::string& where) const;

  std::string template_ = "Question: {question}\nAnswer:";
  SpecialTokens tokens_;
  ChoiceScoring scoring_ = ChoiceScoring::head;
  std::int64_t most_choices_ = 0, first_choice_ = 0;
  Columns columns_;
  std::string label_file_;
  ReadOptions format_;
};

}  // namespace gptask

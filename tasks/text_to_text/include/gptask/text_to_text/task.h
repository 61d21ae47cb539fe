// Texts that are written from texts: the base of summarization and translation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gpt/plugin/task.h"
#include "gptask/text_to_text/data.h"
#include "gptask/text_to_text/prompt.h"
#include "gptask/toolkit/row_reader.h"
#include "gptask/toolkit/scorers.h"

namespace gptask {

/// The model is tuned as a language model on "template(source) target end", with the loss on the target alone, and
/// answers by going on from the template. A derived task names its columns, its template and its metrics.
class TextToTextTask : public gpt::Task {
 public:
  void declare_options(gpt::Options& options) const override;
  void configure(const gpt::Options& options) override;
  /// {"template" (for a reader), "prompt", "tokens", "max_source_length", "max_target_length", "generation": {...},
  /// "columns": {...}}
  nlohmann::ordered_json state() const override;
  void restore(const nlohmann::ordered_json& state) override;

  std::int64_t usual_max_tokens() const override { return 0; }

  /// Rows with a source and a target. A field that is a JSON list of texts is joined to one source, or gives several
  /// references.
  std::unique_ptr<gpt::TaskData> read(const std::filesystem::path& file, const gpt::Reading& how) override;
  std::unique_ptr<gpt::TaskData> from_texts(std::span<const std::string> texts, const gpt::Tokenizer& tokenizer,
                                            std::int64_t max_tokens) const override;

  std::vector<std::string> new_tokens() const override { return lengths_.tokens.names(); }
  std::unique_ptr<gpt::Head> make_head(gpt::Decoder& decoder, gpt::Random& random) const override;
  std::optional<gpt::GenerateOptions> generation() const override { return generation_; }
  bool zero_shot() override { return true; }

  /// Files: generated_predictions.txt (a line each; a line end inside is written \n, a backslash \\) and
  /// generated_predictions.jsonl.
  gpt::Evaluation evaluate(const gpt::TaskData& data, std::span<const std::vector<float>> outputs) const override;
  /// {"answer"}
  nlohmann::ordered_json answer(const gpt::TaskData& data, std::size_t i, std::span<const float> output) const override;
  nlohmann::ordered_json transformers() const override {
    return {{"architecture", "ForCausalLM"}, {"config", nlohmann::ordered_json::object()}};
  }

 protected:
  struct Columns {
    std::vector<std::string> source, target;  ///< names that are looked for, in this order
  };
  virtual Columns usual_columns() const = 0;
  virtual std::string usual_template() const = 0;
  /// Of predictions whose references are known.
  virtual ScorerPointer scorer(const std::vector<std::string>& predictions, const References& references) const = 0;
  /// Answers that cost nothing, made of the source: a name and a text each.
  virtual std::vector<std::pair<std::string, std::string>> trivial_answers(const std::string& source) const = 0;
  /// How the metrics were computed, for the report.
  virtual nlohmann::ordered_json signatures(const References& references) const = 0;
  /// Opens a file and says which columns hold source and targets (empty for Purpose::predict).
  struct Source {
    std::unique_ptr<RowReader> reader;
    std::size_t source = 0;
    std::vector<std::size_t> targets;
  };
  virtual Source open(const std::filesystem::path& file, bool with_target) const;
  /// The source and the references of a row.
  struct Texts {
    std::string source;
    std::vector<std::string> targets;
  };
  virtual Texts texts_of(const Source& from, const Row& row, bool with_target) const;

  ReadOptions format_;

 private:
  std::string template_given_, source_column_;
  std::vector<std::string> target_columns_;
  PromptOptions lengths_;
  gpt::GenerateOptions generation_;
  PromptOptions prompt_options() const;
};

}  // namespace gptask

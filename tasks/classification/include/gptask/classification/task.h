// Classification of texts and of pairs of texts: the base of every task that gives one label to a row.
#pragma once

#include <string>
#include <vector>

#include "gpt/plugin/task.h"
#include "gptask/classification/columns.h"
#include "gptask/toolkit/label_metrics.h"

namespace gptask {

/// A text is tokenized as it is; a pair as "first separator second", since no tokenizer here separates pairs by itself.
/// Nothing is appended: the head reads the last token. An input without any token is left out of training (and counted)
/// and stands as one end-of-text token when it is evaluated or predicted, so that every row has an answer.
///
/// A plugin derives from it, usually to give another head (make_head) or other column names.
class ClassificationTask : public gpt::Task {
 public:
  void declare_options(gpt::Options& options) const override;
  void configure(const gpt::Options& options) override;
  /// {"labels", "label_counts", "pair", "separator", "delimiter", "label_until", "task_name", "metric", "columns",
  /// "format"}
  nlohmann::ordered_json state() const override;
  void restore(const nlohmann::ordered_json& state) override;

  std::unique_ptr<gpt::TaskData> read(const std::filesystem::path& file, const gpt::Tokenizer& tokenizer,
                                      std::int64_t max_tokens, gpt::Purpose purpose) override;
  std::unique_ptr<gpt::TaskData> from_texts(std::span<const std::string> texts, const gpt::Tokenizer& tokenizer,
                                            std::int64_t max_tokens) const override;
  /// A gpt::SequenceHead. Errors with mismatch while no labels are known.
  std::unique_ptr<gpt::Head> make_head(const gpt::ModelConfig& config, gpt::Random& random) const override;

  /// Rows without a label are predicted and not scored. Metrics: accuracy, f1_macro, f1_weighted, matthews_correlation;
  /// with two labels f1, precision and recall of the second (the last in order, "1" of 0 and 1); combined_score for
  /// MRPC and QQP.
  gpt::Evaluation evaluate(const gpt::TaskData& data, std::span<const std::vector<float>> outputs) const override;
  /// {"label", "probability", "probabilities": {label: probability}}
  nlohmann::ordered_json answer(const gpt::TaskData& data, std::size_t i, std::span<const float> output) const override;
  std::string main_metric() const override;
  nlohmann::ordered_json transformers() const override;

  /// In the order of the head's outputs; empty before training data was read or a state restored.
  const std::vector<std::string>& labels() const noexcept { return labels_; }

 protected:
  virtual const ColumnNames& column_names() const;

 private:
  struct Source;
  ColumnWish wished_columns() const;
  ReadOptions wished_format(const std::filesystem::path& file) const;
  Source open(const std::filesystem::path& file, bool with_label) const;
  const ColumnNames& names() const;
  void learn_labels(const std::string& source, const std::vector<std::string>& row_labels);
  std::int32_t label_index(const std::string& label, const std::string& where) const;
  void need_labels() const;

  std::vector<std::string> labels_;
  std::vector<std::int64_t> label_counts_;  ///< rows of the training file with each label
  bool pair_ = false;                       ///< the model compares two texts
  std::string separator_ = "\n";            ///< between the two texts of a pair
  std::string delimiter_ = " ";             ///< between the columns that make one text
  std::string label_until_;                 ///< a label ends where this begins
  std::string task_name_;                   ///< of GLUE
  std::string metric_;
  /// How the data files look: by options, and by the training run, whose files are read the same way later on.
  ColumnWish given_columns_, stored_columns_;
  ReadOptions given_format_, stored_format_;
  std::string stored_extension_;  ///< stored_format_ is for files with this extension
};

}  // namespace gptask

// Classification of texts and of pairs of texts: the base of every task that answers a row with a label, with several,
// or with a number.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gpt/plugin/task.h"
#include "gptask/classification/columns.h"
#include "gptask/classification/labels.h"
#include "gptask/toolkit/special_tokens.h"

namespace gptask {

class ClassificationData;
struct AnswerOptions;

/// The input is template_text(): a text as it is, a pair as "first separator second", since no tokenizer here separates
/// pairs by itself; with both_orders the pair is read in both orders and the two states are added up (GPT-1). The head
/// reads the last token. An input without any token is left out of training (and counted) and stands as one end-of-text
/// token when it is evaluated or predicted, so that every row has an answer.
///
/// A plugin derives from it, usually to give another head (make_head) or other column names.
class ClassificationTask : public gpt::Task {
 public:
  void declare_options(gpt::Options& options) const override;
  void configure(const gpt::Options& options) override;
  /// Labels (labels.h), "template", "pair", "separator", "delimiter", "both_orders", "label_until", "task_name",
  /// "metric", "class_weights", "label_smoothing", "temperature", "abstain_below", "label_threshold", "columns",
  /// "format".
  nlohmann::ordered_json state() const override;
  void restore(const nlohmann::ordered_json& state) override;

  std::vector<std::string> new_tokens() const override { return tokens_.names(); }
  std::unique_ptr<gpt::TaskData> read(const std::filesystem::path& file, const gpt::Reading& how) override;
  std::unique_ptr<gpt::TaskData> from_texts(std::span<const std::string> texts, const gpt::Tokenizer& tokenizer,
                                            std::int64_t max_tokens) const override;
  /// A gpt::SequenceHead with the problem's loss. Errors with mismatch while no labels are known.
  std::unique_ptr<gpt::Head> make_head(gpt::Decoder& decoder, gpt::Random& random) const override;

  /// Fits the temperature of the probabilities where calibrates() and there is one label a row.
  void calibrate(const gpt::TaskData& data, std::span<const std::vector<float>> outputs) override;
  std::string without_validation() override;
  /// Rows without an answer are predicted and not scored. Metrics: those of label_scorer, multi_label_scorer or
  /// number_scorer; with calibration or abstaining also those of confidence_scorer.
  gpt::Evaluation evaluate(const gpt::TaskData& data, std::span<const std::vector<float>> outputs) const override;
  /// {"label", "probability", "probabilities": {label: probability}}; see answers.h for several labels, numbers and
  /// abstaining.
  nlohmann::ordered_json answer(const gpt::TaskData& data, std::size_t i, std::span<const float> output) const override;
  std::string main_metric() const override;
  nlohmann::ordered_json transformers() const override;

  /// In the order of the head's outputs; empty before training data was read or a state restored.
  const std::vector<std::string>& labels() const noexcept { return labels_.names(); }
  Problem problem() const noexcept { return labels_.problem; }
  double temperature() const noexcept { return temperature_; }
  /// The input as a template: "{text}\n{text_pair}".
  std::string template_text() const;

 protected:
  virtual const ColumnNames& column_names() const;
  /// What --calibrate is where it is not given.
  virtual bool calibrates_by_default() const { return false; }
  /// A label of a file as the task knows it; `where` is for messages.
  virtual std::string normalized_label(std::string label, const std::string& where) const;

 private:
  struct Source;
  ColumnWish wished_columns() const;
  ReadOptions wished_format(const std::filesystem::path& file) const;
  Source open(const std::filesystem::path& file, bool with_label) const;
  const ColumnNames& names() const;
  std::string read_label(const RowReader& reader, const Row& row, const std::vector<std::size_t>& columns) const;
  void begin_learning(const Source& source);
  void guess_problem(const Row& row, const std::vector<std::size_t>& columns);
  void end_learning(ClassificationData& data);
  void check_metric(const std::string& source) const;
  void check_calibration() const;
  void weigh_classes(const std::string& source);
  void need_labels() const;
  void declare_answer_options(gpt::Options& options) const;
  AnswerOptions answer_options() const;
  bool add_example(ClassificationData& data, std::string_view first, std::string_view second,
                   const gpt::Tokenizer& tokenizer, std::int64_t max_tokens, bool keep_empty, std::uint64_t row) const;

  Labels labels_;
  bool pair_ = false;             ///< the model compares two texts
  bool both_orders_ = false;      ///< in both orders
  std::string separator_ = "\n";  ///< between the two texts of a pair
  SpecialTokens tokens_;
  std::string delimiter_ = " ";  ///< between the columns that make one text
  std::string label_until_;      ///< a label ends where this begins
  std::string task_name_;        ///< of GLUE
  std::string metric_;
  std::optional<Problem> given_problem_;
  std::string given_delimiter_;                   ///< of several labels
  std::vector<std::string> given_class_weights_;  ///< "balanced" or numbers
  std::vector<float> class_weights_;
  double label_smoothing_ = 0;
  bool calibrates_ = false, calibration_asked_ = false, restored_ = false;
  double temperature_ = 1, abstain_below_ = 0, label_threshold_ = 0.5;
  /// How the data files look: by options, and by the training run, whose files are read the same way later on.
  ColumnWish given_columns_, stored_columns_;
  ReadOptions given_format_, stored_format_;
  std::string stored_extension_;  ///< stored_format_ is for files with this extension
};

}  // namespace gptask

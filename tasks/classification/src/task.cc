#include "gptask/classification/task.h"

#include "answers.h"
#include "glue.h"
#include "gpt/core/error.h"
#include "gpt/head/sequence_head.h"
#include "gptask/classification/data.h"
#include "gptask/toolkit/calibration.h"

namespace gptask {

using gpt::ErrorCode;
using gpt::fail;

const ColumnNames& ClassificationTask::column_names() const {
  static const ColumnNames names{
      {"text", "sentence", "review", "content", "question", "comment", "tweet", "document", "body", "message"},
      {{"sentence1", "sentence2"},
       {"premise", "hypothesis"},
       {"question1", "question2"},
       {"question", "sentence"},
       {"text1", "text2"},
       {"text", "text_pair"}},
      {"label", "labels", "category", "class", "sentiment", "target", "coarse_label", "label_text", "rating", "stars"}};
  return names;
}

const ColumnNames& ClassificationTask::names() const {
  const GlueTask* glue = find_glue_task(task_name_);
  return glue ? glue->columns : column_names();
}

std::string ClassificationTask::normalized_label(std::string label, const std::string&) const { return label; }

std::string ClassificationTask::template_text() const {
  const auto whole = [&](const std::string& inner) { return tokens_.start + inner + tokens_.extract; };
  if (!pair_) return whole("{text}");
  const std::string first = whole("{text}" + separator_ + "{text_pair}"),
                    second = whole("{text_pair}" + separator_ + "{text}");
  return both_orders_ ? first + " | " + second : first;
}

void ClassificationTask::need_labels() const {
  if (labels_.names().empty())
    fail(ErrorCode::mismatch, "no labels are known yet: read training data or restore a trained task first");
}

std::unique_ptr<gpt::Head> ClassificationTask::make_head(gpt::Decoder& decoder, gpt::Random& random) const {
  const gpt::ModelConfig& config = decoder.config();
  need_labels();
  gpt::SequenceHeadOptions options;
  if (labels_.problem == Problem::multi_label) options.loss = gpt::SequenceLoss::binary_cross_entropy;
  if (labels_.problem == Problem::regression) options.loss = gpt::SequenceLoss::squared_error;
  options.class_weights = class_weights_;
  options.label_smoothing = static_cast<float>(label_smoothing_);
  return std::make_unique<gpt::SequenceHead>(config.hidden, static_cast<std::int64_t>(labels_.names().size()),
                                             static_cast<float>(config.initializer_range), random, std::move(options));
}

std::string ClassificationTask::main_metric() const {
  if (!metric_.empty()) return metric_;
  if (const GlueTask* glue = find_glue_task(task_name_)) return glue->metric;
  if (labels_.problem == Problem::multi_label) return "f1_micro";
  return labels_.problem == Problem::regression ? "pearson" : "accuracy";
}

AnswerOptions ClassificationTask::answer_options() const {
  AnswerOptions options;
  options.temperature = temperature_;
  options.abstain_below = abstain_below_;
  options.label_threshold = label_threshold_;
  options.combined = main_metric() == "combined_score";
  options.confidences = calibrates_ || abstain_below_ > 0;
  return options;
}

void ClassificationTask::calibrate(const gpt::TaskData& data, std::span<const std::vector<float>> outputs) {
  if (!calibrates_ || labels_.problem != Problem::single_label) return;
  std::vector<std::int32_t> truth;
  for (const gpt::Example& example : data.examples) truth.push_back(example.target.label);
  temperature_ = fit_temperature(outputs, truth);
}

std::string ClassificationTask::without_validation() {
  if (!calibrates_ || labels_.problem != Problem::single_label) return "";
  constexpr std::string_view how = "--validation_file or --validation_split gives one";
  if (calibration_asked_)
    fail(ErrorCode::invalid_option, "--calibrate fits the probabilities to a validation set, and there is none; {}",
         how);
  calibrates_ = false;
  return fmt::format("without a validation set the probabilities are not calibrated; {}", how);
}

gpt::Evaluation ClassificationTask::evaluate(const gpt::TaskData& data,
                                             std::span<const std::vector<float>> outputs) const {
  if (outputs.size() != data.examples.size())
    fail(ErrorCode::mismatch, "{} outputs for {} examples", outputs.size(), data.examples.size());
  switch (labels_.problem) {
    case Problem::multi_label:
      return evaluate_multi(labels_, answer_options(), data, outputs);
    case Problem::regression:
      return evaluate_numbers(labels_, data, outputs);
    case Problem::single_label:
      break;
  }
  return evaluate_single(labels_, answer_options(), data, outputs);
}

nlohmann::ordered_json ClassificationTask::answer(const gpt::TaskData&, std::size_t,
                                                  std::span<const float> output) const {
  return make_answer(labels_, answer_options(), output);
}

nlohmann::ordered_json ClassificationTask::transformers() const {
  need_labels();
  const std::vector<std::string>& names = labels_.names();
  nlohmann::ordered_json id2label, label2id;
  for (std::size_t i = 0; i < names.size(); ++i) {
    id2label[std::to_string(i)] = names[i];
    label2id[names[i]] = i;
  }
  return {{"architecture", "ForSequenceClassification"},
          {"config",
           {{"num_labels", names.size()},
            {"id2label", id2label},
            {"label2id", label2id},
            {"problem_type", problem_name(labels_.problem)}}}};
}

}  // namespace gptask

#include "gptask/classification/task.h"

#include <algorithm>

#include "glue.h"
#include "gpt/core/error.h"
#include "gpt/head/sequence_head.h"

namespace gptask {
namespace {

using gpt::ErrorCode;
using gpt::fail;

/// "\n" and "\t" as a command line can write them.
std::string unescaped(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    const bool known = next == 'n' || next == 't' || next == '\\';
    result += next == 'n' ? '\n' : next == 't' ? '\t' : text[i];
    if (known) ++i;
  }
  return result;
}

nlohmann::ordered_json columns_json(const ColumnWish& wish) {
  return {{"text", wish.text}, {"pair", wish.pair}, {"label", wish.label}};
}

nlohmann::ordered_json format_json(const ReadOptions& options, const std::string& extension) {
  const auto or_null = [](std::optional<bool> value) {
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
  };
  return {{"format", options.format},
          {"header", or_null(options.header)},
          {"quotes", or_null(options.quotes)},
          {"extension", extension}};
}

ReadOptions format_from(const nlohmann::ordered_json& json) {
  const auto optional = [](const nlohmann::ordered_json& value) {
    return value.is_null() ? std::nullopt : std::optional(value.get<bool>());
  };
  return {json.at("format"), optional(json.at("header")), optional(json.at("quotes"))};
}

}  // namespace

void ClassificationTask::declare_options(gpt::Options& options) const {
  using Kind = gpt::OptionSpec::Kind;
  declare_read_options(options);
  options.declare({"text_column",
                   Kind::list,
                   "",
                   "Column with the text, by name, or by number from 1 in a file without a header; "
                   "several (a,b) are joined",
                   {},
                   {"text_column_name", "text_column_names", "sentence_column", "sentence1_column"}});
  options.declare({"text_pair_column",
                   Kind::list,
                   "",
                   "Column with the text that the first is compared with",
                   {},
                   {"text_pair_column_name", "sentence2_column"}});
  options.declare({"label_column", Kind::text, "", "Column with the label", {}, {"label_column_name"}});
  options.declare(
      {"label_until", Kind::text, "", "Cut labels where this text begins: with \":\" DESC:manner is DESC", {}, {}});
  options.declare({"text_column_delimiter", Kind::text, " ", "Between the columns that make one text", {}, {}});
  options.declare(
      {"text_pair_separator", Kind::text, "\\n", "Between the two texts of a pair (\\n: new line, \\t: tab)", {}, {}});
  options.declare({"task_name",
                   Kind::text,
                   "",
                   fmt::format("GLUE task whose columns and metric to use: {}", fmt::join(glue_task_names(), ", ")),
                   {},
                   {}});
  options.declare({"metric_name",
                   Kind::text,
                   "auto",
                   "Metric that tells which model is better; auto: accuracy, or the GLUE task's",
                   {"auto", "accuracy", "f1", "precision", "recall", "f1_macro", "f1_weighted", "matthews_correlation",
                    "combined_score"},
                   {}});
}

void ClassificationTask::configure(const gpt::Options& options) {
  given_format_ = read_options(options);
  given_columns_ = {options.list("text_column"), options.list("text_pair_column"), options.text("label_column")};
  if (given_columns_.text.empty() && !given_columns_.pair.empty())
    fail(ErrorCode::invalid_option, "--text_pair_column names the second text; --text_column must name the first");
  if (!options.text("label_until").empty()) label_until_ = options.text("label_until");
  if (find_glue_task(options.text("task_name"))) task_name_ = options.text("task_name");
  if (options.text("metric_name") != "auto") metric_ = options.text("metric_name");
  // Part of what the model learned: an evaluation that does not give them keeps what the state says.
  if (options.given("text_pair_separator")) separator_ = unescaped(options.text("text_pair_separator"));
  if (options.given("text_column_delimiter")) delimiter_ = unescaped(options.text("text_column_delimiter"));
}

nlohmann::ordered_json ClassificationTask::state() const {
  nlohmann::ordered_json state;
  state["labels"] = labels_;
  state["label_counts"] = label_counts_;
  state["pair"] = pair_;
  state["separator"] = separator_;
  state["delimiter"] = delimiter_;
  state["label_until"] = label_until_;
  state["task_name"] = task_name_;
  state["metric"] = metric_;
  state["columns"] = columns_json(stored_columns_);
  state["format"] = format_json(stored_format_, stored_extension_);
  return state;
}

void ClassificationTask::restore(const nlohmann::ordered_json& state) try {
  state.at("labels").get_to(labels_);
  state.at("label_counts").get_to(label_counts_);
  state.at("pair").get_to(pair_);
  state.at("separator").get_to(separator_);
  state.at("delimiter").get_to(delimiter_);
  if (label_until_.empty()) state.at("label_until").get_to(label_until_);
  if (task_name_.empty()) state.at("task_name").get_to(task_name_);
  if (metric_.empty()) state.at("metric").get_to(metric_);
  const auto& columns = state.at("columns");
  stored_columns_ = {columns.at("text"), columns.at("pair"), columns.at("label")};
  stored_format_ = format_from(state.at("format"));
  state.at("format").at("extension").get_to(stored_extension_);
  std::vector<std::string> sorted = labels_;
  std::sort(sorted.begin(), sorted.end());
  const bool twice = std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
  if (labels_.size() < 2 || twice || label_counts_.size() != labels_.size())
    fail(ErrorCode::malformed,
         "the saved state of the task needs two or more different labels, each with its count; it has {}",
         state.at("labels").dump());
  find_glue_task(task_name_);
} catch (const nlohmann::json::exception& error) {
  fail(ErrorCode::malformed, "the saved state of the task is damaged: {}; was it written by this task and version?",
       error.what());
}

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

void ClassificationTask::need_labels() const {
  if (labels_.empty())
    fail(ErrorCode::mismatch, "no labels are known yet: read training data or restore a trained task first");
}

std::unique_ptr<gpt::Head> ClassificationTask::make_head(const gpt::ModelConfig& config, gpt::Random& random) const {
  need_labels();
  return std::make_unique<gpt::SequenceHead>(config.hidden, static_cast<std::int64_t>(labels_.size()),
                                             config.initializer_range, random);
}

std::string ClassificationTask::main_metric() const {
  if (!metric_.empty()) return metric_;
  const GlueTask* glue = find_glue_task(task_name_);
  return glue ? glue->metric : "accuracy";
}

nlohmann::ordered_json ClassificationTask::transformers() const {
  need_labels();
  nlohmann::ordered_json id2label, label2id;
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    id2label[std::to_string(i)] = labels_[i];
    label2id[labels_[i]] = i;
  }
  return {{"architecture", "ForSequenceClassification"},
          {"config",
           {{"num_labels", labels_.size()},
            {"id2label", id2label},
            {"label2id", label2id},
            {"problem_type", "single_label_classification"}}}};
}

}  // namespace gptask

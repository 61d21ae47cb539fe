// What a user can set, and what is kept for later runs.
#include <algorithm>

#include "glue.h"
#include "gpt/core/error.h"
#include "gptask/classification/task.h"
#include "gptask/toolkit/escapes.h"

namespace gptask {
namespace {

using gpt::ErrorCode;
using gpt::fail;

/// A column by name, or (as earlier versions wrote labels) a single text.
std::vector<std::string> names_from(const nlohmann::ordered_json& json) {
  if (json.is_string())
    return json.get<std::string>().empty() ? std::vector<std::string>() : std::vector{json.get<std::string>()};
  return json.get<std::vector<std::string>>();
}

double share(const gpt::Options& options, const char* name) {
  const double value = options.number(name);
  if (!(value >= 0 && value < 1))
    fail(ErrorCode::invalid_option, "--{} must be at least 0 and below 1, not {}", name, value);
  return value;
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
          {"drop_extra", options.drop_extra},
          {"extension", extension}};
}

ReadOptions format_from(const nlohmann::ordered_json& json) {
  const auto optional = [](const nlohmann::ordered_json& value) {
    return value.is_null() ? std::nullopt : std::optional(value.get<bool>());
  };
  return {json.at("format"), optional(json.at("header")), optional(json.at("quotes")), json.value("drop_extra", false)};
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
                   "Column with the text that the first is compared with, or the aspect that is asked about",
                   {},
                   {"text_pair_column_name", "sentence2_column", "aspect_column"}});
  options.declare({"label_column",
                   Kind::list,
                   "",
                   "Column with the label; several: a label each, with 0 or 1 in it",
                   {},
                   {"label_column_name"}});
  options.declare(
      {"label_until", Kind::text, "", "Cut labels where this text begins: with \":\" DESC:manner is DESC", {}, {}});
  options.declare({"text_column_delimiter", Kind::text, " ", "Between the columns that make one text", {}, {}});
  options.declare(
      {"text_pair_separator", Kind::text, "\\n", "Between the two texts of a pair (\\n: new line, \\t: tab)", {}, {}});
  SpecialTokens::declare(options, "A special token between the texts of a pair, instead of --text_pair_separator",
                         "A special token after the input, where the head looks");
  options.declare({"both_orders", Kind::flag, "false",
                   "Read a pair in both orders and add up what the model says (the GPT-1 paper's way for similarity)"});
  options.declare({"task_name",
                   Kind::text,
                   "",
                   fmt::format("GLUE task whose columns and metric to use: {}", fmt::join(glue_task_names(), ", ")),
                   {},
                   {}});
  declare_answer_options(options);
}

/// What the answers are, and how they are learned and given.
void ClassificationTask::declare_answer_options(gpt::Options& options) const {
  using Kind = gpt::OptionSpec::Kind;
  options.declare({"problem_type",
                   Kind::text,
                   "auto",
                   "What a row's answer is; auto: a number for stsb, several labels where --label_delimiter, several "
                   "label columns or lists say so, else one label",
                   {"auto", "single_label_classification", "multi_label_classification", "regression"}});
  options.declare({"do_regression", Kind::flag, "false", "The same as --problem_type regression"});
  options.declare({"label_delimiter", Kind::text, "", "Between the labels of a field that has several"});
  options.declare(
      {"label_threshold", Kind::number, "0.5", "Of several labels those hold that are at least so probable"});
  options.declare({"metric_name",
                   Kind::text,
                   "auto",
                   "Metric that tells which model is better; auto: accuracy, f1_micro for several labels, pearson for "
                   "numbers, or the GLUE task's",
                   {"auto", "accuracy", "f1", "precision", "recall", "f1_macro", "f1_weighted", "f1_micro",
                    "f1_samples", "matthews_correlation", "combined_score", "pearson", "spearmanr", "mse"},
                   {}});
  options.declare({"class_weights", Kind::list, "",
                   "Weights of the labels in the loss: balanced (rows / (labels * rows with the label)), or a number a "
                   "label in their order"});
  options.declare({"label_smoothing_factor", Kind::number, "0", "The part of each target spread over all labels"});
  options.declare({"calibrate", Kind::flag, calibrates_by_default() ? "true" : "false",
                   "Fit a temperature to the validation set, so that probabilities can be believed"});
  options.declare({"abstain_below", Kind::number, "0",
                   "Answer \"abstain\" where the most probable label is less probable than this"});
}

void ClassificationTask::configure(const gpt::Options& options) {
  given_format_ = read_options(options);
  given_columns_ = {options.list("text_column"), options.list("text_pair_column"), options.list("label_column")};
  if (given_columns_.text.empty() && !given_columns_.pair.empty())
    fail(ErrorCode::invalid_option, "--text_pair_column names the second text; --text_column must name the first");
  if (!options.text("label_until").empty()) label_until_ = options.text("label_until");
  if (find_glue_task(options.text("task_name"))) task_name_ = options.text("task_name");
  if (options.text("metric_name") != "auto") metric_ = options.text("metric_name");
  if (options.text("problem_type") != "auto") given_problem_ = parse_problem(options.text("problem_type"));
  if (options.flag("do_regression")) given_problem_ = Problem::regression;
  given_delimiter_ = unescaped(options.text("label_delimiter"));
  given_class_weights_ = options.list("class_weights");
  // Part of what the model learned: an evaluation that does not give them keeps what the state says.
  if (options.given("text_pair_separator")) separator_ = unescaped(options.text("text_pair_separator"));
  if (options.given("text_column_delimiter")) delimiter_ = unescaped(options.text("text_column_delimiter"));
  tokens_.configure(options);
  if (!tokens_.delimiter.empty() && options.given("text_pair_separator"))
    fail(ErrorCode::invalid_option, "--delimiter_token and --text_pair_separator exclude each other; drop one");
  if (!tokens_.delimiter.empty()) separator_ = tokens_.delimiter;
  if (options.given("both_orders")) both_orders_ = options.flag("both_orders");
  if (options.given("label_smoothing_factor")) label_smoothing_ = share(options, "label_smoothing_factor");
  if (options.given("label_threshold")) label_threshold_ = share(options, "label_threshold");
  if (options.given("abstain_below")) abstain_below_ = share(options, "abstain_below");
  if (!restored_ || options.given("calibrate")) calibrates_ = options.flag("calibrate");
  calibration_asked_ = calibrates_ && options.given("calibrate");
}

nlohmann::ordered_json ClassificationTask::state() const {
  nlohmann::ordered_json state = labels_.state();
  state["template"] = template_text();
  state["pair"] = pair_;
  state["separator"] = separator_;
  state["tokens"] = tokens_.state();
  state["both_orders"] = both_orders_;
  state["delimiter"] = delimiter_;
  state["label_until"] = label_until_;
  state["task_name"] = task_name_;
  state["metric"] = metric_;
  state["class_weights"] = class_weights_;
  state["label_smoothing"] = label_smoothing_;
  state["temperature"] = temperature_;
  state["calibrated"] = calibrates_;
  state["abstain_below"] = abstain_below_;
  state["label_threshold"] = label_threshold_;
  state["columns"] = columns_json(stored_columns_);
  state["format"] = format_json(stored_format_, stored_extension_);
  return state;
}

void ClassificationTask::restore(const nlohmann::ordered_json& state) try {
  labels_.restore(state);
  state.at("pair").get_to(pair_);
  state.at("separator").get_to(separator_);
  state.at("delimiter").get_to(delimiter_);
  if (label_until_.empty()) state.at("label_until").get_to(label_until_);
  if (task_name_.empty()) state.at("task_name").get_to(task_name_);
  if (metric_.empty()) state.at("metric").get_to(metric_);
  both_orders_ = state.value("both_orders", false);
  tokens_.restore(state);
  class_weights_ = state.value("class_weights", std::vector<float>());
  label_smoothing_ = state.value("label_smoothing", 0.0);
  temperature_ = state.value("temperature", 1.0);
  calibrates_ = state.value("calibrated", false);
  abstain_below_ = state.value("abstain_below", 0.0);
  label_threshold_ = state.value("label_threshold", 0.5);
  const auto& columns = state.at("columns");
  stored_columns_ = {names_from(columns.at("text")), names_from(columns.at("pair")), names_from(columns.at("label"))};
  stored_format_ = format_from(state.at("format"));
  state.at("format").at("extension").get_to(stored_extension_);
  find_glue_task(task_name_);
  restored_ = true;
  if (!(temperature_ > 0))
    fail(ErrorCode::malformed, "the saved state of the task has the temperature {}", temperature_);
} catch (const nlohmann::json::exception& error) {
  fail(ErrorCode::malformed, "the saved state of the task is damaged: {}; was it written by this task and version?",
       error.what());
}

}  // namespace gptask

#include "gptask/multiple_choice/task.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/head/choice_head.h"
#include "gpt/model/decoder.h"
#include "gptask/toolkit/escapes.h"

namespace gptask {

using gpt::ErrorCode;
using gpt::fail;

namespace {

constexpr std::int64_t zero_shot_choices = 64;  // a likelihood head has no weights: any number may be compared

}  // namespace

void MultipleChoiceTask::declare_options(gpt::Options& options) const {
  using Kind = gpt::OptionSpec::Kind;
  declare_read_options(options);
  options.declare({"prompt_template",
                   Kind::text,
                   "Question: {question}\\nAnswer:",
                   "What stands before a choice; {question} is the question (\\n: new line)",
                   {},
                   {}});
  SpecialTokens::declare(options, "A special token between the question and a choice",
                         "A special token after a choice, where the head looks");
  options.declare({"scoring",
                   Kind::text,
                   "head",
                   "head: a trained score; likelihood: the language model's own, untrained",
                   {"head", "likelihood"},
                   {}});
  options.declare({"question_column", Kind::list, "", "Column with the question; several (a,b) are joined", {}, {}});
  options.declare({"choice_columns",
                   Kind::list,
                   "",
                   "Columns with a choice each, or one with a list of them",
                   {},
                   {"choices_column"}});
  options.declare({"label_column", Kind::text, "", "Column with the right choice", {}, {"label_column_name"}});
  options.declare({"label_file", Kind::text, "", "File with the right choices, a line a row", {}, {}});
  options.declare({"first_choice", Kind::integer, "0", "Number of the first choice where labels are numbers", {}, {}});
}

void MultipleChoiceTask::configure(const gpt::Options& options) {
  format_ = read_options(options);
  if (options.given("prompt_template")) template_ = unescaped(options.text("prompt_template"));
  if (template_.find("{question}") == std::string::npos)
    fail(ErrorCode::invalid_option, "--prompt_template \"{}\" has no {{question}}", template_);
  tokens_.configure(options);
  if (options.given("scoring"))
    scoring_ = options.text("scoring") == "head" ? ChoiceScoring::head : ChoiceScoring::likelihood;
  if (options.given("question_column")) columns_.question = options.list("question_column");
  if (options.given("choice_columns")) columns_.choices = options.list("choice_columns");
  if (options.given("label_column")) columns_.label = options.text("label_column");
  if (options.given("label_file")) label_file_ = options.text("label_file");
  if (options.given("first_choice")) first_choice_ = options.integer("first_choice");
}

bool MultipleChoiceTask::zero_shot() {
  scoring_ = ChoiceScoring::likelihood;
  most_choices_ = zero_shot_choices;
  return true;
}

nlohmann::ordered_json MultipleChoiceTask::state() const {
  return {{"template", tokens_.start + template_ + tokens_.delimiter + " {choice}" + tokens_.extract},
          {"prompt", template_},
          {"tokens", tokens_.state()},
          {"scoring", scoring_ == ChoiceScoring::head ? "head" : "likelihood"},
          {"most_choices", most_choices_},
          {"columns", {{"question", columns_.question}, {"choices", columns_.choices}, {"label", columns_.label}}},
          {"first_choice", first_choice_}};
}

void MultipleChoiceTask::restore(const nlohmann::ordered_json& state) try {
  state.at(state.contains("prompt") ? "prompt" : "template").get_to(template_);
  tokens_.restore(state);
  scoring_ = state.at("scoring") == "head" ? ChoiceScoring::head : ChoiceScoring::likelihood;
  state.at("most_choices").get_to(most_choices_);
  const auto& columns = state.at("columns");
  columns.at("question").get_to(columns_.question);
  columns.at("choices").get_to(columns_.choices);
  columns.at("label").get_to(columns_.label);
  state.at("first_choice").get_to(first_choice_);
  if (most_choices_ < 2 || most_choices_ > 1000)
    fail(ErrorCode::malformed, "the saved state of the task has {} choices", most_choices_);
} catch (const nlohmann::json::exception& error) {
  fail(ErrorCode::malformed, "the saved state of the task is damaged: {}; was it written by this task and version?",
       error.what());
}

std::unique_ptr<gpt::Head> MultipleChoiceTask::make_head(gpt::Decoder& decoder, gpt::Random& random) const {
  if (most_choices_ < 2)
    fail(ErrorCode::mismatch, "how many choices there are is not known yet: read training data first");
  if (scoring_ == ChoiceScoring::likelihood && !tokens_.extract.empty())
    fail(ErrorCode::invalid_option, "--extract_token {} is where a trained head looks; likelihoods have none",
         tokens_.extract);
  if (scoring_ == ChoiceScoring::likelihood)
    return std::make_unique<gpt::LikelihoodHead>(decoder.output_projection(), most_choices_);
  return std::make_unique<gpt::ChoiceHead>(decoder.config().hidden, most_choices_, decoder.config().initializer_range,
                                           random);
}

nlohmann::ordered_json MultipleChoiceTask::transformers() const {
  return {{"architecture", "ForCausalLM"}, {"config", nlohmann::ordered_json::object()}};
}

}  // namespace gptask

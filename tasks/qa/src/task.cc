#include "gptask/qa/task.h"

#include "gpt/core/error.h"
#include "gpt/head/span_head.h"

namespace gptask {

using gpt::ErrorCode;
using gpt::fail;

void QaTask::declare_options(gpt::Options& options) const {
  using Kind = gpt::OptionSpec::Kind;
  declare_read_options(options);
  options.declare({"version_2_with_negative", Kind::flag, "false", "Questions may have no answer (SQuAD 2.0)", {}, {}});
  options.declare({"null_score_diff_threshold",
                   Kind::number,
                   "0",
                   "No answer where its score is ahead of the best answer's by more than this",
                   {},
                   {}});
  SpecialTokens::declare(options, "A special token between question and passage, instead of a new line",
                         "A special token after the passage, instead of the end of text: where no answer is scored");
  options.declare({"doc_stride", Kind::integer, "128", "Tokens that two windows of a long passage share", {}, {}});
  options.declare(
      {"max_query_length", Kind::integer, "64", "Longest question, in tokens; longer ones are cut", {}, {}});
  options.declare({"max_answer_length", Kind::integer, "30", "Longest answer, in tokens", {}, {}});
  options.declare({"n_best_size", Kind::integer, "20", "Answers kept of each question", {}, {}});
  options.declare({"id_column", Kind::text, "id", "Column with the question's name", {}, {}});
  options.declare({"question_column", Kind::text, "question", "Column with the question", {}, {}});
  options.declare({"context_column", Kind::text, "context", "Column with the passage", {}, {"passage_column"}});
  options.declare({"answer_column",
                   Kind::text,
                   "answers",
                   "Column with the answers: {\"text\": [...], \"answer_start\": [...]}, or one answer's text",
                   {},
                   {"answers_column"}});
  options.declare({"answer_start_column",
                   Kind::text,
                   "answer_start",
                   "Column with the place where that text starts, in characters from 0",
                   {},
                   {}});
}

namespace {

std::int64_t at_least(const gpt::Options& options, const char* name, std::int64_t least) {
  const std::int64_t value = options.integer(name);
  if (value < least) fail(ErrorCode::invalid_option, "--{} must be at least {}, not {}", name, least, value);
  return value;
}

}  // namespace

void QaTask::configure(const gpt::Options& options) {
  format_ = read_options(options);
  if (options.given("version_2_with_negative")) spans_.version2 = options.flag("version_2_with_negative");
  if (options.given("null_score_diff_threshold")) spans_.null_threshold = options.number("null_score_diff_threshold");
  windows_.tokens.configure(options);
  if (!windows_.tokens.delimiter.empty()) windows_.separator = windows_.tokens.delimiter;
  const auto take = [&](const char* name, std::int64_t least, std::int64_t& value) {
    if (options.given(name)) value = at_least(options, name, least);
  };
  take("doc_stride", 0, windows_.doc_stride);
  take("max_query_length", 1, windows_.max_query_length);
  take("max_answer_length", 1, spans_.max_answer_length);
  take("n_best_size", 1, spans_.n_best);
  const auto name = [&](const char* option, std::string& value) {
    if (options.given(option)) value = options.text(option);
  };
  name("id_column", columns_.id);
  name("question_column", columns_.question);
  name("context_column", columns_.context);
  name("answer_column", columns_.answers);
  name("answer_start_column", columns_.start);
}

nlohmann::ordered_json QaTask::state() const {
  const SpecialTokens& tokens = windows_.tokens;
  const std::string end = tokens.extract.empty() ? "{end of text}" : tokens.extract;
  return {{"template", tokens.start + "{question}" + windows_.separator + "{passage}" + end},
          {"separator", windows_.separator},
          {"tokens", tokens.state()},
          {"max_query_length", windows_.max_query_length},
          {"doc_stride", windows_.doc_stride},
          {"spans",
           {{"version_2", spans_.version2},
            {"n_best", spans_.n_best},
            {"max_answer_length", spans_.max_answer_length},
            {"null_threshold", spans_.null_threshold}}},
          {"columns",
           {{"id", columns_.id},
            {"question", columns_.question},
            {"context", columns_.context},
            {"answers", columns_.answers},
            {"answer_start", columns_.start}}}};
}

void QaTask::restore(const nlohmann::ordered_json& state) try {
  state.at("separator").get_to(windows_.separator);
  state.at("max_query_length").get_to(windows_.max_query_length);
  state.at("doc_stride").get_to(windows_.doc_stride);
  windows_.tokens.restore(state);
  const auto& spans = state.at("spans");
  spans_ = {spans.at("version_2"), spans.at("n_best"), spans.at("max_answer_length"), spans.at("null_threshold")};
  const auto& columns = state.at("columns");
  columns_ = {columns.at("id"), columns.at("question"), columns.at("context"), columns.at("answers"),
              columns.at("answer_start")};
  if (windows_.max_query_length < 1 || windows_.doc_stride < 0 || spans_.n_best < 1 || spans_.max_answer_length < 1)
    fail(ErrorCode::malformed, "the saved state of the task has numbers out of range: {}", state.dump());
} catch (const nlohmann::json::exception& error) {
  fail(ErrorCode::malformed, "the saved state of the task is damaged: {}; was it written by this task and version?",
       error.what());
}

std::unique_ptr<gpt::Head> QaTask::make_head(gpt::Decoder& decoder, gpt::Random& random) const {
  const gpt::ModelConfig& config = decoder.config();
  return std::make_unique<gpt::SpanHead>(config.hidden, config.initializer_range, random);
}

}  // namespace gptask

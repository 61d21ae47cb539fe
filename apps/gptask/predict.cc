// gptask predict: answers texts from the command line, a file or standard input.
#include <fmt/format.h>

#include <iostream>

#include "arguments.h"
#include "command.h"
#include "common_options.h"
#include "gpt/core/error.h"
#include "gptask/toolkit/loaded_task.h"
#include "gptask/toolkit/memory.h"
#include "precision_option.h"
#include "progress.h"
#include "result_output.h"
#include "task_options.h"
#include "task_registry.h"
#include "text_lines.h"
#include "training_options.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;
using Json = nlohmann::ordered_json;

const Usage usage = {
    "gptask predict --model D (--text T ... | --file F | < LINES) [OPTIONS]",
    "Answers texts with a folder that gptask finetune wrote: label, probability, the probability of every label, and "
    "the text, separated by tabs. Without --text and --file, every line of standard input is a text; the two texts of "
    "a pair are separated by a tab. A .txt file has a text a line; other files are read as the task reads them.",
    "gptask predict --model runs/first --text \"A delight from start to finish.\""};

/// Label first, then what else the task says.
void print_answer(const Json& answer, const std::string& text, bool json) {
  if (json) {
    Json record = {{"text", text}};
    record.update(answer);
    return print_json(record);
  }
  std::string all;
  if (answer.contains("probabilities"))
    for (const auto& [name, value] : answer.at("probabilities").items())
      all += fmt::format("{}{}={:.4f}", all.empty() ? "" : " ", name, value.get<double>());
  const Json* label = nullptr;
  for (const char* key : {"answer", "label"})
    if (label == nullptr && answer.contains(key)) label = &answer.at(key);
  const std::string probability =
      answer.contains("probability") ? fmt::format("{:.4f}", answer.at("probability").get<double>()) : "";
  const std::string first = label == nullptr     ? ""
                            : label->is_string() ? one_line(label->get<std::string>())
                                                 : label->dump();
  fmt::print("{}\t{}\t{}\t{}\n", first, probability, all, one_line(text));
}

void predict_texts(const LoadedTask& model, const std::vector<std::string>& texts, std::int64_t batch_size, bool json) {
  const std::vector<Json> answers = model.predict(texts, batch_size);
  for (std::size_t i = 0; i < texts.size(); ++i) print_answer(answers[i], texts[i], json);
}

/// A few batches at a time, so that a pipe gets its answers soon.
void predict_lines(const LoadedTask& model, std::istream& input, const std::string& source, std::int64_t batch_size,
                   bool json) {
  LineReader lines(input, source);
  std::vector<std::string> texts;
  const auto flush = [&] {
    predict_texts(model, texts, batch_size, json);
    std::fflush(stdout);
    texts.clear();
  };
  std::string line;
  while (lines.next(line)) {
    texts.push_back(line);
    if (texts.size() == static_cast<std::size_t>(4 * batch_size)) flush();
  }
  flush();
  if (lines.blank() > 0) fmt::print(stderr, "note: {} blank lines left out\n", lines.blank());
  if (lines.damaged() > 0)
    fmt::print(stderr, "note: {} lines left out: bytes that are no UTF-8, or NUL bytes\n", lines.damaged());
}

void predict_file(const LoadedTask& model, const std::string& file, std::int64_t batch_size, std::int64_t limit,
                  bool json) {
  Progress progress;
  const auto data =
      model.read(file, gpt::Purpose::predict, gpt::Reading::all, [&](std::uint64_t rows) { progress.rows_read(rows); });
  const MemoryEstimate memory = model.memory(*data, batch_size);
  progress.stage(describe(memory));
  check_fits(memory, limit, fmt::format("a smaller --batch_size (now {})", batch_size));
  const auto outputs =
      model.infer(*data, batch_size, [&](std::size_t done) { progress.inferred(done, data->examples.size()); });
  const std::vector<Json> answers = model.task().answers(*data, outputs);
  std::size_t example = 0;  // the first of each row's
  for (const Json& answer : answers) {
    print_answer(answer, data->text(example), json);
    const std::uint64_t row = data->rows[example];
    while (example < data->rows.size() && data->rows[example] == row) ++example;
  }
  for (const auto& [reason, count] : data->skipped.items())
    fmt::print(stderr, "note: {} rows left out: {}\n", count.dump(), reason);
}

}  // namespace

int predict_command(const std::vector<std::string>& raw) {
  Arguments arguments(raw);
  gpt::Options options;
  declare_common(options);
  declare_plugin_option(options);
  options.declare({"model", Kind::text, "", "the folder that gptask finetune wrote", {}, {"model_name_or_path", "m"}});
  options.declare({"text", Kind::text, "", "a text to answer; may be repeated"});
  options.declare({"file", Kind::text, "", "a file of texts", {}, {"test_file"}});
  options.declare({"batch_size", Kind::integer, "16", "sequences in a pass", {}, {"per_device_eval_batch_size"}});
  declare_threads_option(options);
  declare_task_precision_option(options);
  declare_memory_limit(options);
  const gpt::Registry registry = load_tasks(arguments.early("plugin"));
  gpt::Options task_options = declare_options_of_model(arguments, registry, options);
  if (!parse_or_help(arguments, options, usage)) return 0;
  take_task_options(options, task_options);
  const bool json = options.flag("json");
  const std::int64_t batch_size = options.integer("batch_size"), limit = memory_limit(options);
  need_option(options, "model");
  if (batch_size < 1) gpt::fail(gpt::ErrorCode::invalid_option, "--batch_size must be at least 1, not {}", batch_size);
  refuse_words(arguments, "give texts with --text");
  LoadOptions load;
  load.threads = thread_count(options);
  load.precision = task_precision_of(options);
  load.task_options = std::move(task_options);
  const auto model = LoadedTask::load(options.text("model"), registry, load);
  const std::string& file = options.text("file");
  if (options.given("text")) {
    for (const std::string& text : arguments.all("text"))
      if (text.empty()) gpt::fail(gpt::ErrorCode::invalid_option, "--text is empty: there is nothing to answer");
    predict_texts(*model, arguments.all("text"), batch_size, json);
  } else if (file.empty()) {
    predict_lines(*model, std::cin, "standard input", batch_size, json);
  } else if (std::filesystem::path(file).extension() == ".txt") {
    std::ifstream input = open_text(file);
    predict_lines(*model, input, file, batch_size, json);
  } else {
    predict_file(*model, file, batch_size, limit, json);
  }
  return 0;
}

}  // namespace gptask::app

#include "run/model_card.h"

#include <fmt/format.h>

#include "gpt/core/version.h"
#include "run/baselines.h"
#include "run/results.h"

namespace gptask {
namespace {

std::string shown(const Json& value) {
  if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Text inside a cell of a Markdown table.
std::string cell(std::string text) {
  for (char& c : text)
    if (c == '|' || c == '\n' || c == '\r') c = ' ';
  return text;
}

std::string front_matter(const ModelCard& card) {
  const bool adapter = card.request.tuning == Tuning::lora;
  std::string text =
      fmt::format("---\nlibrary_name: {}\nbase_model: {}\ntags:\n- gptask\n- {}\n", adapter ? "peft" : "transformers",
                  Json(card.inputs.model_path.string()).dump(-1, ' ', false, Json::error_handler_t::replace),
                  card.request.task.name);
  if (card.inputs.task->transformers().at("architecture") == "ForSequenceClassification")
    text += "pipeline_tag: text-classification\n";
  text += fmt::format("metrics:\n- {}\n---\n\n", card.inputs.task->main_metric());
  return text;
}

std::string scores(const ModelCard& card) {
  if (card.evaluation.metrics.empty()) return "No validation data was given.\n";
  const std::vector<Json> trivial = baselines(card.evaluation);
  std::string text = fmt::format("On {} examples of `{}`:\n\n| metric | this model |",
                                 card.inputs.validation->examples.size(), card.inputs.validation->source);
  std::string rule = "|---|---|";
  for (const Json& baseline : trivial) {
    text += fmt::format(" {} |", cell(baseline.value("name", "baseline")));
    rule += "---|";
  }
  text += "\n" + rule + "\n";
  for (const auto& [name, value] : card.evaluation.metrics.items()) {
    if (!value.is_number()) continue;
    text += fmt::format("| {} | {} |", cell(name), shown(value));
    for (const Json& baseline : trivial)
      text += fmt::format(" {} |", baseline.contains(name) ? shown(baseline.at(name)) : "");
    text += "\n";
  }
  for (const auto& [name, signature] : signatures(card.evaluation).items())
    text += fmt::format("\n{}: `{}`\n", name, shown(signature));
  return text;
}

}  // namespace

std::string model_card(const ModelCard& card) {
  const std::string folder = card.request.output_dir.filename().string();
  std::string text = front_matter(card);
  text += fmt::format(
      "# {}\n\n`{}` fine-tuned for the task `{}` with gptask {} ({} tuning, {} of {} parameters trained).\n\n", folder,
      card.inputs.model_path.filename().string(), card.request.task.name, GPTASK_VERSION,
      tuning_name(card.request.tuning), card.inputs.trainable, card.inputs.parameters);
  text += "## Results\n\n" + scores(card);
  text += fmt::format(
      "\n## Use\n\n    gptask predict --model {} --text \"...\"\n\n## Training\n\n| setting | value |\n|---|---|\n",
      card.request.output_dir.string());
  const Json values = settings(card.request, card.inputs);
  for (const auto& [name, value] : values.items()) text += fmt::format("| {} | {} |\n", cell(name), cell(shown(value)));
  text +=
      fmt::format("\nMean training loss {}, {} seconds, {} tokens a second.\n", shown(card.results.at("train_loss")),
                  shown(card.results.at("train_runtime")), shown(card.results.at("train_tokens_per_second")));
  return text;
}

}  // namespace gptask

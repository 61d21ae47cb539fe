#include "pretrain/describe.h"

#include <fmt/format.h>

#include "gpt/core/error.h"
#include "gpt/core/version.h"
#include "gpt/io/json.h"
#include "gpt/model/files.h"
#include "gptask/toolkit/report.h"
#include "report/html.h"

namespace gptask {
namespace {

Json names(const std::vector<std::filesystem::path>& files) {
  Json list = Json::array();
  for (const auto& file : files) list.push_back(file.string());
  return list;
}

/// Path and size of every file.
Json sizes(const std::vector<std::filesystem::path>& files) {
  Json list = Json::array();
  std::error_code none;
  for (const auto& file : files) list.push_back({file.string(), std::filesystem::file_size(file, none)});
  return list;
}

Json training_settings(const gpt::TrainOptions& train) {
  return {{"num_train_epochs", train.epochs},
          {"max_steps", train.max_steps},
          {"per_device_train_batch_size", train.batch_size},
          {"gradient_accumulation_steps", train.accumulation},
          {"learning_rate", train.learning_rate},
          {"lr_scheduler_type", gpt::schedule_name(train.schedule)},
          {"min_lr_rate", train.min_rate},
          {"num_decay_steps", train.decay_steps},
          {"warmup_steps", train.warmup_steps},
          {"warmup_ratio", train.warmup_ratio},
          {"weight_decay", train.weight_decay},
          {"adam_beta1", train.beta1},
          {"adam_beta2", train.beta2},
          {"adam_epsilon", train.epsilon},
          {"max_grad_norm", train.max_grad_norm},
          {"seed", train.seed}};
}

Json settings(const Outcome& o) {
  Json values = training_settings(o.request.train);
  values["bf16"] = o.request.bf16;
  values["block_size"] = o.inputs.context;
  values["tokens_per_step"] = o.request.train.batch_size * o.request.train.accumulation * (o.inputs.context - 1);
  values["tokenizer"] = o.request.tokenizer.string();
  values["vocabulary"] = o.inputs.config.vocabulary;
  values["model"] = gpt::transformers_config(o.inputs.config, "ForCausalLM").dump();
  return values;
}

Json corpus(const gpt::TokenFileInfo& info, const std::vector<std::filesystem::path>& files) {
  return {{"files", files.size()},
          {"documents", info.documents},
          {"tokens", info.tokens},
          {"bytes", info.text_bytes},
          {"bytes a token", bytes_per_token(info)}};
}

Series loss_curve(const Outcome& o) {
  Series loss{"training loss", "--loss", {}, {}};
  for (const gpt::StepRecord& record : o.records) {
    loss.x.push_back(static_cast<double>(record.step));
    loss.y.push_back(record.loss);
  }
  return loss;
}

Series evaluation_curve(const Outcome& o) {
  Series loss{"validation loss", "--eval", {}, {}, true};
  for (const Json& entry : o.evaluations) {
    loss.x.push_back(entry.at("step").get<double>());
    loss.y.push_back(entry.at("eval_loss").get<double>());
  }
  return loss;
}

}  // namespace

gpt::ModelConfig model_config(const PretrainRequest& request, const gpt::Tokenizer& tokenizer) {
  if (request.config_name.empty() && request.config_file.empty())
    gpt::fail(gpt::ErrorCode::invalid_option,
              "--config_name is missing: nano, micro, mini, small, gpt2 or a config.json");
  const auto tokens = static_cast<std::int64_t>(tokenizer.vocabulary_size());
  gpt::ModelConfig config;
  if (request.config_file.empty()) {
    config = preset(request.config_name, request.model_type);
    config.vocabulary = tokens;
  } else {
    config = gpt::read_model_config(gpt::read_json_file(request.config_file), request.config_file.string());
  }
  if (config.vocabulary < tokens)
    gpt::fail(gpt::ErrorCode::mismatch, "{}: vocab_size is {}, but the tokenizer has {} tokens",
              request.config_file.string(), config.vocabulary, tokens);
  config.bos = tokenizer.bos();
  config.eos = tokenizer.eos();
  config.pad = tokenizer.pad();
  return config;
}

double bytes_per_token(const gpt::TokenFileInfo& info) {
  return static_cast<double>(info.text_bytes) / static_cast<double>(info.tokens);
}

Json fingerprint(const PretrainRequest& request, const PretrainInputs& inputs) {
  Json values = training_settings(request.train);
  values["bf16"] = request.bf16;
  if (request.train.schedule == gpt::Schedule::stable)
    for (const char* length : {"num_train_epochs", "max_steps", "num_decay_steps"}) values.erase(length);
  values["model"] = gpt::transformers_config(inputs.config, "ForCausalLM");
  values["block_size"] = inputs.context;
  values["tokenizer_hash"] = inputs.tokenizer->hash();
  values["text_column"] = request.text_column;
  values["train_files"] = sizes(inputs.train_files);
  values["validation_files"] = sizes(inputs.validation_files);
  return values;
}

void write_language_model(const gpt::Decoder& decoder, const gpt::Tokenizer& tokenizer,
                          const std::filesystem::path& folder) {
  const gpt::ModelConfig& config = decoder.config();
  gpt::save_model(decoder, {}, folder, "ForCausalLM");
  Json generation = {{"_from_model_config", true}};
  if (config.bos) generation["bos_token_id"] = *config.bos;
  if (config.eos) generation["eos_token_id"] = *config.eos;
  if (config.pad) generation["pad_token_id"] = *config.pad;
  write_json(folder / "generation_config.json", generation);
  tokenizer.save(folder);
}

std::string model_card(const Outcome& o) {
  const std::string folder = o.request.output_dir.filename().string();
  std::string text = fmt::format(
      "---\nlibrary_name: transformers\npipeline_tag: text-generation\ntags:\n- gptask\n---\n\n# {}\n\nA language "
      "model "
      "of {} parameters ({} shape), pre-trained from nothing with gptask {} on {} tokens of {} documents.\n\n## "
      "Results\n\n| | |\n|---|---|\n",
      folder, o.inputs.parameters, o.inputs.config.family, GPTASK_VERSION, o.train.tokens, o.train.documents);
  for (const auto& [name, value] : o.results.items())
    if (value.is_number()) text += fmt::format("| {} | {} |\n", name, shown(value));
  text +=
      fmt::format("\n## Use\n\n    gptask generate --model {} --prompt \"...\"\n\n## Training\n\n| | |\n|---|---|\n",
                  o.request.output_dir.string());
  const Json values = settings(o);
  for (const auto& [name, value] : values.items()) text += fmt::format("| {} | {} |\n", name, shown(value));
  text += "\nTrained on:\n\n";
  for (const auto& file : o.inputs.train_files) text += fmt::format("- {}\n", file.filename().string());
  if (!o.inputs.validation_files.empty()) text += "\nHeld out:\n\n";
  for (const auto& file : o.inputs.validation_files) text += fmt::format("- {}\n", file.filename().string());
  return text;
}

std::string report_page(const Outcome& o) {
  Report report;
  report.title = fmt::format("pre-training: {}", o.request.output_dir.filename().string());
  report.subtitle =
      fmt::format("{} parameters ({} shape), from random weights", o.inputs.parameters, o.inputs.config.family);
  report.curve = o.records;
  report.evaluations = o.evaluations;
  report.main_metric = "perplexity";
  for (const char* name : {"loss", "perplexity", "bits_per_byte"})
    if (const auto value = o.results.find(fmt::format("eval_{}", name)); value != o.results.end())
      report.evaluation.metrics[name] = *value;
  if (o.validation != nullptr) report.evaluated_on = fmt::format("{} held-out documents", o.validation->documents);
  report.speed["training tokens/s"] = o.results.at("train_tokens_per_second");
  report.speed["peak memory"] = fmt::format("{:.2f} GB", o.results.at("train_peak_memory_bytes").get<double>() / 1e9);
  report.data["train"] = corpus(o.train, o.inputs.train_files);
  if (o.validation != nullptr) report.data["validation"] = corpus(*o.validation, o.inputs.validation_files);
  report.data["train_files"] = names(o.inputs.train_files);
  report.data["validation_files"] = names(o.inputs.validation_files);
  report.settings = settings(o);
  return html_report(report);
}

std::string curve_picture(const Outcome& o) {
  return line_picture("Loss by step: training (line) and validation (dots), nats a token",
                      {loss_curve(o), evaluation_curve(o)}, 900);
}

}  // namespace gptask

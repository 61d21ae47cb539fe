#include "run/model_files.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "gpt/core/error.h"
#include "gpt/model/lora.h"

namespace gptask {
namespace {

/// How Transformers spells a family in the names of its classes.
std::string class_prefix(const std::string& family) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> names = {{{"gpt2", "GPT2"},
                                                                                          {"llama", "Llama"},
                                                                                          {"qwen2", "Qwen2"},
                                                                                          {"qwen3", "Qwen3"},
                                                                                          {"mistral", "Mistral"},
                                                                                          {"gpt_neox", "GPTNeoX"}}};
  for (const auto& [name, prefix] : names)
    if (name == family) return std::string(prefix);
  gpt::fail(gpt::ErrorCode::unsupported, "there is no Transformers class for the family \"{}\"", family);
}

/// What PEFT calls the kind of a head.
std::string peft_task(const std::string& architecture) {
  if (architecture == "ForSequenceClassification") return "SEQ_CLS";
  if (architecture == "ForQuestionAnswering") return "QUESTION_ANS";
  return "CAUSAL_LM";
}

}  // namespace

std::int32_t choose_pad(const gpt::Tokenizer& tokenizer, const gpt::TaskData& data) {
  std::unordered_set<std::int32_t> last;
  for (const gpt::Example& example : data.examples) last.insert(example.tokens.back());
  const auto fits = [&](std::int32_t id) { return last.count(id) == 0; };
  const auto marks_text = [&](std::int32_t id) { return id == tokenizer.eos() || id == tokenizer.bos(); };
  if (tokenizer.pad() && fits(*tokenizer.pad()) && !marks_text(*tokenizer.pad())) return *tokenizer.pad();
  const auto size = static_cast<std::int32_t>(tokenizer.vocabulary_size());
  for (const bool special : {true, false}) {
    for (std::int32_t id = 0; id < size; ++id)
      if (tokenizer.is_special(id) == special && fits(id) && !marks_text(id)) return id;
    if (special && tokenizer.eos() && fits(*tokenizer.eos())) return *tokenizer.eos();
  }
  return size - 1;
}

nlohmann::ordered_json config_extra(const gpt::ModelConfig& config, const gpt::Task& task, std::int32_t pad) {
  const nlohmann::ordered_json transformers = task.transformers();
  nlohmann::ordered_json extra = transformers.value("config", nlohmann::ordered_json::object());
  extra["architectures"] = {class_prefix(config.family) + transformers.at("architecture").get<std::string>()};
  extra["pad_token_id"] = pad;
  return extra;
}

void write_model(const ModelFiles& files, const std::filesystem::path& folder) {
  const std::string extra = config_extra(files.decoder.config(), files.task, files.pad).dump();
  if (files.decoder.has_lora()) {
    gpt::save_adapter(files.decoder, &files.head, folder, files.base_path,
                      peft_task(files.task.transformers().at("architecture").get<std::string>()));
  } else {
    gpt::save_model(files.decoder, &files.head, folder, extra);
  }
  files.tokenizer.save(folder);
}

}  // namespace gptask

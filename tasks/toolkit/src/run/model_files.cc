#include "run/model_files.h"

#include <unordered_set>

#include "gpt/io/atomic_file.h"
#include "gpt/model/files.h"
#include "gpt/model/lora.h"

namespace gptask {
namespace {

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

void write_model(const ModelFiles& files, const std::filesystem::path& folder, gpt::StoredType type) {
  const nlohmann::ordered_json transformers = files.task.transformers();
  const std::string architecture = transformers.at("architecture").get<std::string>();
  nlohmann::ordered_json extra = transformers.value("config", nlohmann::ordered_json::object());
  extra["pad_token_id"] = files.pad;
  if (files.decoder.has_lora()) {
    gpt::save_adapter(files.decoder, files.head.parameters(), folder, files.base_path, peft_task(architecture));
    const auto config = gpt::transformers_config(files.decoder.config(), architecture, extra);
    gpt::write_file_atomically(folder / "config.json", config.dump(2) + "\n");
  } else {
    gpt::save_model(files.decoder, files.head.parameters(), folder, architecture, extra, type);
  }
  files.tokenizer.save(folder);
}

}  // namespace gptask

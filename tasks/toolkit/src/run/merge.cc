#include "gpt/core/error.h"
#include "gpt/io/file_system.h"
#include "gpt/io/json.h"
#include "gptask/toolkit/loaded_task.h"
#include "run/adapters.h"
#include "run/model_files.h"

namespace gptask {
namespace fs = std::filesystem;
namespace {

/// The pad that the fine-tuned folder's own config.json chose; its training data is not here to choose again.
std::int32_t recorded_pad(const fs::path& folder, const gpt::Tokenizer& tokenizer) {
  const fs::path file = folder / "config.json";
  if (fs::exists(file)) {
    const nlohmann::json config = gpt::read_json_file(file);
    if (config.contains("pad_token_id") && config["pad_token_id"].is_number_integer())
      return config["pad_token_id"].get<std::int32_t>();
  }
  return tokenizer.pad().value_or(0);
}

}  // namespace

void LoadedTask::merge(const fs::path& folder, const fs::path& target, const gpt::Registry& registry,
                       const LoadOptions& options, gpt::StoredType type) {
  check_merge_target(target);
  LoadOptions folded = options;
  folded.fold_adapter = true;
  const auto loaded = open(folder, registry, folded);
  gpt::FileSystem::current().make_folder(target);
  const ModelFiles files{*loaded->decoder_,
                         *loaded->head_,
                         *loaded->task_,
                         *loaded->tokenizer_,
                         recorded_pad(folder, *loaded->tokenizer_),
                         ""};
  loaded->threads_->run([&] { write_model(files, target, type); });
  Manifest manifest = loaded->manifest_;
  manifest.adapter = false;
  write_manifest(target, manifest);
}

}  // namespace gptask

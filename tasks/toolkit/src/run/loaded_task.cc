#include "gptask/toolkit/loaded_task.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/io/file_system.h"
#include "gpt/io/weight_source.h"
#include "gpt/model/files.h"
#include "gpt/model/lora.h"
#include "gptask/toolkit/models.h"
#include "gptask/toolkit/utf8.h"
#include "rows/temporary_folder.h"
#include "run/outputs.h"

namespace gptask {
namespace fs = std::filesystem;
namespace {

/// The task of a folder. Without its plugin: which one is missing, and in which version.
const gpt::TaskEntry& find_task(const Manifest& manifest, const fs::path& folder, const gpt::Registry& registry) {
  const auto& tasks = registry.tasks();
  const auto entry =
      std::find_if(tasks.begin(), tasks.end(), [&](const auto& known) { return known.name == manifest.task; });
  if (entry == tasks.end())
    gpt::fail(gpt::ErrorCode::plugin,
              "{} was made by task \"{}\", version {} (plugin {}), which is not loaded; name the plugin with --plugin "
              "or put it in "
              "a folder of GPTASK_PLUGIN_PATH",
              folder.string(), manifest.task, manifest.task_version,
              manifest.plugin.empty() ? "unknown" : manifest.plugin);
  if (entry->version < manifest.task_version)
    gpt::fail(gpt::ErrorCode::plugin,
              "{} was made by version {} of task \"{}\"; version {} is loaded{}; install the newer plugin",
              folder.string(), manifest.task_version, manifest.task, entry->version,
              entry->plugin.empty() ? "" : " from " + entry->plugin.string());
  return *entry;
}

/// For a model that was not tuned: the task answers with the language model alone.
Manifest untuned_manifest(const fs::path& model, const gpt::Registry& registry, const LoadOptions& options) {
  if (fs::exists(model / "gptask.json"))
    gpt::fail(gpt::ErrorCode::invalid_option, "{} was tuned for a task; leave out \"{}\"", model.string(),
              options.untuned);
  Manifest manifest;
  manifest.task = options.untuned;
  const gpt::TaskEntry& entry = find_task(manifest, model, registry);
  const auto task = entry.make();
  if (!options.task_options.specs().empty()) task->configure(options.task_options);
  if (!task->zero_shot())
    gpt::fail(gpt::ErrorCode::invalid_option,
              "the task \"{}\" needs a trained head, which {} does not have; gptask finetune {} makes one",
              options.untuned, model.string(), options.untuned);
  manifest.task_version = entry.version;
  manifest.state = task->state();
  manifest.tuning = "none";
  manifest.base_path = model.string();
  return manifest;
}

/// Texts come from anywhere: what a file's reader would refuse is refused here too.
void check_texts(std::span<const std::string> texts) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (const std::size_t bad = find_bad_utf8(texts[i]); bad != std::string::npos)
      gpt::fail(gpt::ErrorCode::malformed, "text {}: byte {:#04x} at byte {} is no UTF-8; convert the text first",
                i + 1, static_cast<unsigned char>(texts[i][bad]), bad);
    if (const std::size_t nul = texts[i].find('\0'); nul != std::string::npos)
      gpt::fail(gpt::ErrorCode::malformed, "text {}: a NUL byte at byte {}; the text is damaged or binary", i + 1, nul);
  }
}

}  // namespace

LoadedTask::~LoadedTask() = default;

std::shared_ptr<LoadedTask> LoadedTask::open(const fs::path& folder, const gpt::Registry& registry,
                                             const LoadOptions& options) {
  std::shared_ptr<LoadedTask> loaded(new LoadedTask);
  const bool untuned = !options.untuned.empty();
  loaded->manifest_ = untuned ? untuned_manifest(folder, registry, options) : read_manifest(folder);
  Manifest& manifest = loaded->manifest_;
  loaded->make_ = find_task(manifest, folder, registry).make;
  loaded->task_ = loaded->make_();
  loaded->task_->restore(manifest.state);
  if (!options.task_options.specs().empty()) loaded->task_->configure(options.task_options);
  loaded->tokenizer_ = gpt::Tokenizer::load(folder);
  if (!untuned && loaded->tokenizer_->hash() != manifest.tokenizer_hash)
    gpt::fail(gpt::ErrorCode::mismatch,
              "{}: the tokenizer is not the one the model was trained with; restore tokenizer.json of that run",
              folder.string());
  loaded->threads_ = std::make_unique<gpt::Threads>(options.threads);
  loaded->task_options_ = options.task_options;
  loaded->precision_ = options.precision;
  loaded->threads_->run([&] {
    loaded->meter_.weights_begin();
    loaded->decoder_ = gpt::Decoder::load(manifest.adapter ? find_base(manifest, folder) : folder);
    gpt::Random random(0);
    loaded->head_ = loaded->task_->make_head(*loaded->decoder_, random);
    if (untuned) {
      manifest.max_tokens = loaded->decoder_->config().context;
    } else if (manifest.adapter) {
      gpt::load_adapter(*loaded->decoder_, folder, loaded->head_->parameters());
      const bool whole = options.precision == gpt::Precision::float32 || options.precision == gpt::Precision::bfloat16;
      if (options.fold_adapter && whole && loaded->decoder_->has_lora()) loaded->decoder_->merge_lora();
    } else {
      gpt::load_head(loaded->head_->parameters(), folder);
    }
    if (!loaded->decoder_->set_precision(loaded->precision_)) loaded->precision_ = gpt::Precision::float32;
    loaded->meter_.weights_end();
  });
  return loaded;
}

std::shared_ptr<const LoadedTask> LoadedTask::load(const fs::path& folder, const gpt::Registry& registry,
                                                   const LoadOptions& options) {
  return open(folder, registry, options);
}

std::shared_ptr<const LoadedTask> LoadedTask::load(const std::map<std::string, std::string>& files,
                                                   const gpt::Registry& registry, const LoadOptions& options) {
  const TemporaryFolder folder(memory_folder());
  for (const auto& [name, content] : files) {
    if (fs::path(name).has_parent_path() || name.empty() || name == "." || name == "..")
      gpt::fail(gpt::ErrorCode::invalid_option, "\"{}\" is no plain file name", name);
    const auto file = gpt::FileSystem::current().open(folder.path() / name, gpt::OpenMode::create_new);
    file->write(content.data(), content.size());
    file->close();
  }
  return open(folder.path(), registry, options);
}

std::unique_ptr<gpt::TaskData> LoadedTask::read(const fs::path& file, gpt::Purpose purpose, std::uint64_t most_rows,
                                                const std::function<void(std::uint64_t)>& progress) const {
  const auto reader = make_();  // reading may change a task; ours stays as it is for other threads
  reader->restore(manifest_.state);
  if (!task_options_.specs().empty()) reader->configure(task_options_);
  return reader->read(file, {*tokenizer_, max_tokens(), purpose, most_rows, progress});
}

std::vector<std::vector<float>> LoadedTask::infer(const gpt::TaskData& data, std::int64_t batch_size,
                                                  const std::function<void(std::size_t)>& progress) const {
  return task_outputs(*task_, *decoder_, *head_, data.examples, batch_size, *threads_, progress);
}

MemoryEstimate LoadedTask::memory(const gpt::TaskData& data, std::int64_t batch_size) const {
  return meter_.with(decoder_->weight_bytes(),
                     inference_bytes(*task_, decoder_->config(), data.examples, batch_size, threads_->count(),
                                     precision_ == gpt::Precision::bfloat16));
}

std::vector<nlohmann::ordered_json> LoadedTask::predict(std::span<const std::string> texts,
                                                        std::int64_t batch_size) const {
  check_texts(texts);
  const auto data = task_->from_texts(texts, *tokenizer_, max_tokens());
  std::size_t row = 0;  // a text may have several examples, one after the other
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (row >= data->rows.size() || data->rows[row] != i + 1)
      gpt::fail(gpt::ErrorCode::invalid_option, "text {} cannot be used (is it empty?): \"{}\"", i + 1,
                texts[i].substr(0, 60));
    while (row < data->rows.size() && data->rows[row] == i + 1) ++row;
  }
  return task_->answers(*data, infer(*data, batch_size));
}

}  // namespace gptask

// A fine-tuned folder in memory, ready to answer.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "gpt/core/options.h"
#include "gpt/io/weight_source.h"
#include "gpt/model/decoder.h"
#include "gpt/plugin/registry.h"
#include "gpt/tensor/parallel.h"
#include "gpt/text/tokenizer.h"
#include "gptask/toolkit/manifest.h"
#include "gptask/toolkit/memory.h"

namespace gptask {

struct LoadOptions {
  int threads = 0;            ///< 0: all cores
  gpt::Options task_options;  ///< the task's own: what was given replaces what the folder says when files are read
  /// How the weights are held; below 16 bits the adapter stays beside them, whole. A machine without products in
  /// bfloat16 uses float32.
  gpt::Precision precision = gpt::Precision::float32;
  std::string untuned;        ///< the task a model that finetune did not write is to be asked by (Task::zero_shot)
  bool fold_adapter = false;  ///< fold a LoRA adapter into weights of 16 bits or more: faster, a copy of them in memory
};

/// Decoder, head, tokenizer and task. Everything const may be called from many threads at once.
class LoadedTask {
 public:
  /// Errors: not_found (no gptask.json; the adapter's base), plugin (the task is not in the registry: names task,
  /// version and plugin), mismatch (tokenizer or weights belong to something else), what reading weights throws.
  static std::shared_ptr<const LoadedTask> load(const std::filesystem::path& folder, const gpt::Registry& registry,
                                                const LoadOptions& options = {});
  /// The same from file contents by name ("gptask.json", "model.safetensors", ...), for programs that carry the model
  /// inside. They pass through a private temporary folder that is gone when this returns.
  static std::shared_ptr<const LoadedTask> load(const std::map<std::string, std::string>& files,
                                                const gpt::Registry& registry, const LoadOptions& options = {});
  ~LoadedTask();

  const gpt::Task& task() const noexcept { return *task_; }
  const gpt::Tokenizer& tokenizer() const noexcept { return *tokenizer_; }
  const Manifest& manifest() const noexcept { return manifest_; }
  gpt::Threads& threads() const noexcept { return *threads_; }
  const gpt::Decoder& decoder() const noexcept { return *decoder_; }
  gpt::Head& head() const noexcept { return *head_; }
  /// What inference over these examples will hold at its peak.
  MemoryEstimate memory(const gpt::TaskData& data, std::int64_t batch_size) const;
  /// Longest sequence, in tokens.
  std::int64_t max_tokens() const noexcept { return manifest_.max_tokens; }

  /// Reads a file as the task does (see gpt::Reading).
  std::unique_ptr<gpt::TaskData> read(const std::filesystem::path& file, gpt::Purpose purpose,
                                      std::uint64_t most_rows = gpt::Reading::all,
                                      const std::function<void(std::uint64_t)>& progress = {}) const;
  /// What the head gives for each example.
  std::vector<std::vector<float>> infer(const gpt::TaskData& data, std::int64_t batch_size,
                                        const std::function<void(std::size_t)>& progress = {}) const;
  /// One answer a text, in order: {"label", "probability", "probabilities", ...} as the task gives it. A text the task
  /// cannot use (an empty one) is an error that names its index.
  std::vector<nlohmann::ordered_json> predict(std::span<const std::string> texts, std::int64_t batch_size = 16) const;

  /// Writes a folder that needs no base: adapter folded in, head, tokenizer, gptask.json; weights as f32, bf16 or f16.
  static void merge(const std::filesystem::path& folder, const std::filesystem::path& target,
                    const gpt::Registry& registry, const LoadOptions& options = {},
                    gpt::StoredType type = gpt::StoredType::f32);

 private:
  LoadedTask() = default;
  static std::shared_ptr<LoadedTask> open(const std::filesystem::path& folder, const gpt::Registry& registry,
                                          const LoadOptions& options);

  Manifest manifest_;
  std::function<std::unique_ptr<gpt::Task>()> make_;
  std::unique_ptr<gpt::Task> task_;
  std::shared_ptr<const gpt::Tokenizer> tokenizer_;
  std::unique_ptr<gpt::Threads> threads_;
  gpt::Options task_options_;
  MemoryMeter meter_;
  gpt::Precision precision_ = gpt::Precision::float32;
  std::unique_ptr<gpt::Decoder> decoder_;
  std::unique_ptr<gpt::Head> head_;
};

}  // namespace gptask

// Checkpoints: everything the next step depends on, in a folder that is complete or absent.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "gpt/data/example_source.h"
#include "gpt/train/trainer.h"
#include "train/optimizer.h"

namespace gpt {

/// What a run is: options, data, dropout, whether states are kept, and all weights, frozen ones too. Two runs with
/// equal identities make the same steps.
nlohmann::json run_identity(const TrainOptions& options, const ExampleSource& examples, const Decoder& decoder,
                            const std::vector<Parameter*>& weights, bool kept_states);

/// What a run has seen so far.
struct RunHistory {
  std::vector<StepRecord> records;
  std::vector<EvalRecord> evaluations;
};

std::filesystem::path checkpoint_path(const std::filesystem::path& folder, std::int64_t step);

/// Writes folder/checkpoint-STEP and drops the oldest ones beyond the limit (0: keeps all), but never that of step
/// `best`.
void save_checkpoint(const std::filesystem::path& folder, AdamW& optimizer, const RunHistory& history,
                     const nlohmann::json& identity, std::int64_t limit, std::int64_t best);
/// Fills parameters, optimizer and history. Errors: not_found, malformed (incomplete), mismatch (another run: names
/// what differs).
void load_checkpoint(const std::filesystem::path& checkpoint, AdamW& optimizer, RunHistory& history,
                     const nlohmann::json& identity);
/// The weights alone. Errors: not_found, malformed.
void load_weights(const std::filesystem::path& checkpoint, const std::vector<Parameter*>& parameters);

}  // namespace gpt

// Checkpoints: everything the next step depends on, in a folder that is complete or absent.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "gpt/data/example_source.h"
#include "gpt/train/trainer.h"
#include "train/optimizer.h"

namespace gpt {

/// What a run is: options, data, dropout, and all weights, frozen ones too. Two runs with equal identities make the
/// same steps.
nlohmann::json run_identity(const TrainOptions& options, const ExampleSource& examples, const Decoder& decoder,
                            const std::vector<Parameter*>& weights);

/// Writes folder/checkpoint-STEP and drops the oldest ones beyond the limit (0: keeps all).
void save_checkpoint(const std::filesystem::path& folder, AdamW& optimizer, const std::vector<StepRecord>& records,
                     const nlohmann::json& identity, std::int64_t limit);
/// Fills parameters, optimizer and records. Errors: not_found, malformed (incomplete), mismatch (another run: names
/// what differs).
void load_checkpoint(const std::filesystem::path& checkpoint, AdamW& optimizer, std::vector<StepRecord>& records,
                     const nlohmann::json& identity);

}  // namespace gpt

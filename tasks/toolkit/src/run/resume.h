// Where a run goes on.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "gptask/toolkit/observer.h"
#include "gptask/toolkit/run_folder.h"

namespace gptask {

/// The checkpoint to go on from: `named`, or the newest; empty where there is none yet. The observer hears which.
/// Errors: mismatch if the folder's run was started with other settings, not_found for a name that is not there.
std::filesystem::path checkpoint_to_resume(const RunFolder& folder, const std::filesystem::path& named,
                                           const nlohmann::ordered_json& fingerprint, Observer& observer);

}  // namespace gptask

// Where models are looked for: paths, GPTASK_MODEL_PATH, the cache.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gptask/toolkit/manifest.h"

namespace gptask {

/// ${GPTASK_CACHE}, or ${XDG_CACHE_HOME:-~/.cache}/gptask.
std::filesystem::path cache_folder();

/// The folders of GPTASK_MODEL_PATH (separated by colons), then the cache.
std::vector<std::filesystem::path> model_folders();

/// `name` as a path; else a file or folder of that name in model_folders(). Error not_found lists where it looked.
std::filesystem::path find_model(const std::string& name);

/// The base of an adapter in `folder`: the recorded path, then files and folders in model_folders(); the weights must
/// have the recorded hash. Error not_found says what was looked for and where.
std::filesystem::path find_base(const Manifest& manifest, const std::filesystem::path& folder);

}  // namespace gptask

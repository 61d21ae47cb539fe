// How to build a plugin again so that it fits this libgpt.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "gpt/plugin/stamp.h"

namespace gpt {

/// The folder libgpt was loaded from.
std::filesystem::path libgpt_folder();

/// The cmake call that changes the fields that differ: compiler, flags, and the gptask it is built against.
std::string rebuild_command(std::span<const StampDifference> differences);

}  // namespace gpt

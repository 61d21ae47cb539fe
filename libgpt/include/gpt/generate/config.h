// generation_config.json: how a model's author wants it to be used.
#pragma once

#include <filesystem>

#include "gpt/generate/options.h"

namespace gpt {

/// `defaults` with what generation_config.json says; without that file, with the end tokens of config.json. A folder
/// that has neither, or a .gguf file, leaves them as they are. Fields we do not know are passed over, as is a null.
/// Errors: malformed (naming file and field), unsupported (a field that would change the text and that we do not have:
/// its name).
GenerateOptions read_generation_config(const std::filesystem::path& model, GenerateOptions defaults = {});

}  // namespace gpt

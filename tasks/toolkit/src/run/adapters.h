// Folders of adapters, whoever wrote them.
#pragma once

#include <filesystem>
#include <memory>

#include "gpt/text/tokenizer.h"

namespace gptask {

/// Whether the folder holds an adapter and no whole model.
bool is_adapter(const std::filesystem::path& path);

/// The base of an adapter that PEFT or finetune wrote: where gptask.json or adapter_config.json says, beside the
/// adapter, or in model_folders(). Errors: not_found, malformed.
std::filesystem::path find_base(const std::filesystem::path& adapter);

/// The folder's tokenizer, else that of its weights. Null where neither has one.
std::shared_ptr<const gpt::Tokenizer> find_tokenizer(const std::filesystem::path& folder,
                                                     const std::filesystem::path& weights);

/// Error invalid_option for an --output_dir that holds something.
void check_merge_target(const std::filesystem::path& target);

}  // namespace gptask

// Adapters of PEFT, folded into the models they sit on.
#pragma once

#include <filesystem>

#include "gpt/io/weight_source.h"
#include "gpt/tensor/parallel.h"

namespace gptask {

/// Writes a folder that needs no base from an adapter that has no gptask.json: the base (find_base) with the adapter
/// folded in, as f32, bf16 or f16, the trained head, and the tokenizer of the adapter or of its base. The class of
/// Transformers is the adapter's task_type (CAUSAL_LM, SEQ_CLS, QUESTION_ANS), or the base's where it says none; labels
/// come from the adapter's config.json, else from its base's, else they are numbered. Errors: not_found, unsupported,
/// mismatch, and invalid_option where the target holds something.
void merge_adapter(const std::filesystem::path& adapter, const std::filesystem::path& target, gpt::Threads& threads,
                   gpt::StoredType type = gpt::StoredType::f32);

}  // namespace gptask

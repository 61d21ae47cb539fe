// What llama.cpp's converter does to a tensor, and how it is undone.
#pragma once

#include "gpt/tensor/tensor.h"
#include "model/family.h"

namespace gpt {

/// A tensor of a GGUF file -> as Transformers has it.
Tensor from_gguf(const Tensor& in, GgufForm form, const ModelConfig& config);
/// And back.
Tensor to_gguf(const Tensor& in, GgufForm form, const ModelConfig& config);

}  // namespace gpt

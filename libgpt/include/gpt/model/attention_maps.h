// What attention looks at, for pictures and lessons.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gpt/tensor/tensor.h"

namespace gpt {

class Decoder;
class Threads;

/// For each layer the attention weights of a sequence, [heads * tokens, tokens]: row head * tokens + i is how much
/// token i takes from each of tokens 0 ... i, which adds up to 1. Errors: invalid_option (no token, more than the
/// context), mismatch (a token outside the vocabulary).
std::vector<Tensor> attention_maps(const Decoder& decoder, std::span<const std::int32_t> tokens, Threads& threads);

}  // namespace gpt

// A configuration as GGUF metadata.
#pragma once

#include "gpt/io/gguf_writer.h"
#include "gpt/model/config.h"

namespace gpt {

/// What llama.cpp asks for, under the architecture's prefix ("llama.block_count").
void write_gguf_config(const ModelConfig& config, GgufMetadata& metadata);

}  // namespace gpt

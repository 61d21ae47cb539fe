// The families there are.
#pragma once

#include "model/family.h"

namespace gpt {

const Family& gpt2_family();
const Family& llama_family();
const Family& qwen2_family();
const Family& qwen3_family();
const Family& mistral_family();
const Family& gpt_neox_family();

}  // namespace gpt

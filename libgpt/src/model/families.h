// The families there are.
#pragma once

#include "model/family.h"

namespace gpt {

const Family& gpt2_family();
const Family& llama_family();

}  // namespace gpt

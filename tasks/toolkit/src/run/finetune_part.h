// Fine-tuning as a part of several runs.
#pragma once

#include <functional>

#include "gptask/toolkit/finetune.h"

namespace gptask {

/// finetune(), which calls before_claim when all was read and checked and nothing was written yet.
FinetuneResult finetune_part(const FinetuneRequest& request, Observer& observer,
                             const std::function<void()>& before_claim);

}  // namespace gptask

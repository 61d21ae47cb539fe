// Inference over read examples, and what the task makes of it.
#pragma once

#include <cstdint>

#include "gpt/model/decoder.h"
#include "gpt/plugin/task.h"
#include "gpt/tensor/parallel.h"
#include "gpt/train/features.h"
#include "gptask/toolkit/observer.h"

namespace gptask {

struct Scored {
  gpt::Evaluation evaluation;
  std::vector<std::vector<float>> outputs;  ///< of the head
  double seconds = 0;                       ///< of inference
};

/// `features`: of the data's examples, where the decoder's states are kept. Error interrupted when asked to stop.
Scored score(const gpt::Task& task, const gpt::Decoder& decoder, gpt::Head& head, const gpt::TaskData& data,
             std::int64_t batch_size, gpt::Threads& threads, Observer& observer,
             const gpt::Features* features = nullptr);

}  // namespace gptask

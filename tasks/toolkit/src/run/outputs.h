// What a task's model gives for examples: the outputs of its head, or the tokens that it writes.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "gpt/model/decoder.h"
#include "gpt/plugin/task.h"
#include "gpt/tensor/parallel.h"

namespace gpt {
class Features;
}

namespace gptask {

/// A row of outputs an example, as Task::evaluate takes them. `progress` gets the number of examples done; what it
/// throws passes through.
std::vector<std::vector<float>> task_outputs(const gpt::Task& task, const gpt::Decoder& decoder, gpt::Head& head,
                                             std::span<const gpt::Example> examples, std::int64_t batch_size,
                                             gpt::Threads& threads, const std::function<void(std::size_t)>& progress,
                                             const gpt::Features* features = nullptr);

/// Reading::most_rows; 0 samples: all.
std::uint64_t row_limit(std::int64_t samples);
/// Those of the first `limit` rows. A row may have several (the windows of a long passage).
std::vector<std::uint32_t> examples_of_first_rows(const gpt::TaskData& data, std::int64_t limit);
/// The data with those alone; limit 0: with all.
std::unique_ptr<gpt::TaskData> first_rows(std::unique_ptr<gpt::TaskData> data, std::int64_t limit);

}  // namespace gptask

#include "gpt/plugin/task.h"

namespace gpt {

TaskData::~TaskData() = default;
Task::~Task() = default;

void Task::calibrate(const TaskData&, std::span<const std::vector<float>>) {}

}  // namespace gpt

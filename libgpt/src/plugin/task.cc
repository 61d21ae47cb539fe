#include "gpt/plugin/task.h"

namespace gpt {

TaskData::~TaskData() = default;
Task::~Task() = default;

std::vector<std::string> Task::new_tokens() const { return {}; }
void Task::calibrate(const TaskData&, std::span<const std::vector<float>>) {}

}  // namespace gpt

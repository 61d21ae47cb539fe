#include "gpt/plugin/task.h"

namespace gpt {

TaskData::~TaskData() = default;
Task::~Task() = default;

}  // namespace gpt

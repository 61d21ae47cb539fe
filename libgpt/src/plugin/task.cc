#include "gpt/plugin/task.h"

namespace gpt {

TaskData::~TaskData() = default;
Task::~Task() = default;

std::vector<std::string> Task::new_tokens() const { return {}; }
void Task::calibrate(const TaskData&, std::span<const std::vector<float>>) {}

std::vector<nlohmann::ordered_json> Task::answers(const TaskData& data,
                                                  std::span<const std::vector<float>> outputs) const {
  std::vector<nlohmann::ordered_json> all;
  for (std::size_t i = 0; i < outputs.size(); ++i) all.push_back(answer(data, i, outputs[i]));
  return all;
}

}  // namespace gpt

#include "gpt/plugin/task.h"

namespace gpt {

TaskData::~TaskData() = default;

void TaskData::add(Example example, std::uint64_t row) {
  example.tokens.shrink_to_fit();
  example.starts.shrink_to_fit();
  examples.push_back(std::move(example));
  rows.push_back(row);
}

void TaskData::count_truncated(const std::string& what) {
  nlohmann::ordered_json& count = truncated[what];
  count = (count.is_null() ? 0 : count.get<std::uint64_t>()) + 1;
}

void TaskData::copy_to(TaskData& taken, std::span<const std::uint32_t> indices) const {
  taken.source = source;
  taken.truncated = truncated;
  taken.skipped = skipped;
  for (const std::uint32_t i : indices) {
    taken.examples.push_back(examples.at(i));
    taken.rows.push_back(rows.at(i));
  }
}
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

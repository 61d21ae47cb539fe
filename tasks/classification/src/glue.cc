#include "glue.h"

#include "gpt/core/error.h"

namespace gptask {
namespace {

const std::vector<GlueTask>& tasks() {
  static const std::vector<GlueTask> all{
      {"cola", {{"sentence"}, {}, {"label"}}, "matthews_correlation", {{"4"}, {}, {"2"}}},
      {"sst2", {{"sentence"}, {}, {"label"}}, "accuracy"},
      {"mrpc", {{}, {{"sentence1", "sentence2"}, {"#1 String", "#2 String"}}, {"label", "Quality"}}, "combined_score"},
      {"stsb", {{}, {{"sentence1", "sentence2"}}, {"label", "score"}}, "pearson"},
      {"qqp", {{}, {{"question1", "question2"}}, {"label", "is_duplicate"}}, "combined_score"},
      {"mnli", {{}, {{"premise", "hypothesis"}, {"sentence1", "sentence2"}}, {"label", "gold_label"}}, "accuracy"},
      {"qnli", {{}, {{"question", "sentence"}}, {"label"}}, "accuracy"},
      {"rte", {{}, {{"sentence1", "sentence2"}}, {"label"}}, "accuracy"},
      {"wnli", {{}, {{"sentence1", "sentence2"}}, {"label"}}, "accuracy"},
  };
  return all;
}

}  // namespace

const GlueTask* find_glue_task(std::string_view name) {
  if (name.empty()) return nullptr;
  for (const GlueTask& task : tasks()) {
    if (task.name == name) return &task;
  }
  gpt::fail(gpt::ErrorCode::invalid_option, "--task_name takes one of {}, not \"{}\"",
            fmt::join(glue_task_names(), ", "), name);
}

std::vector<std::string> glue_task_names() {
  std::vector<std::string> names;
  for (const GlueTask& task : tasks()) names.push_back(task.name);
  return names;
}

}  // namespace gptask

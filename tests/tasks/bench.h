// A folder, a tokenizer and a task, which is all that a test of a task needs.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gptask/classification/task.h"
#include "support/temporary_folder.h"
#include "tasks/word_tokenizer.h"

namespace gpt::test {

using Given = std::vector<std::pair<std::string, std::string>>;

inline void configure(gpt::Task& task, const Given& given) {
  gpt::Options options;
  task.declare_options(options);
  for (const auto& [name, value] : given) options.set(name, value);
  task.configure(options);
}

/// `Data` is what the task's read gives.
template <typename T, typename Data = gpt::TaskData>
struct BenchOf {
  explicit BenchOf(const Given& given = {}) { configure(task, given); }

  std::unique_ptr<Data> read(const std::string& name, std::string_view content, gpt::Purpose purpose,
                             std::int64_t max_tokens = 400, std::uint64_t most_rows = gpt::Reading::all) {
    put(folder / name, content);
    return std::unique_ptr<Data>(
        static_cast<Data*>(task.read(folder / name, {tokenizer, max_tokens, purpose, most_rows}).release()));
  }
  std::string tokens(const gpt::TaskData& data, std::size_t i) const {
    return tokenizer.decode(data.examples[i].tokens, false);
  }

  TemporaryFolder folder;
  WordTokenizer tokenizer;
  T task;
};

using Bench = BenchOf<gptask::ClassificationTask>;

}  // namespace gpt::test

// The program under test and a tiny model with data for it.
#pragma once

#include <nlohmann/json.hpp>

#include "support/program.h"
#include "support/tiny_model.h"

namespace gptask::test {

using namespace gpt::test;
using Json = nlohmann::json;

/// gptask with these arguments. The cache is a folder that does not exist.
inline std::vector<std::string> command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), GPTASK_PROGRAM);
  return arguments;
}

inline Outcome run_gptask(std::vector<std::string> arguments, const std::string& input = "",
                          std::vector<std::string> environment = {}) {
  environment.push_back("GPTASK_CACHE=/nonexistent");
  return run(command(std::move(arguments)), input, environment);
}

/// model/, train.csv (32 rows) and test.csv (10 rows) in a scratch folder.
struct Workspace {
  Workspace() {
    write_tiny_model(scratch / "model");
    write_reviews(scratch / "train.csv", 32);
    write_reviews(scratch / "test.csv", 10, 3);
  }
  std::string path(const std::string& name) const { return (scratch / name).string(); }
  /// finetune sentiment with the files above into `output`, and what is added.
  std::vector<std::string> finetune(const std::string& output, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {
        "finetune",        "sentiment",  "--model",          path("model"), "--train-file", path("train.csv"),
        "--output-dir",    path(output), "--max-seq-length", "32",          "--threads",    "2",
        "--learning-rate", "1e-3"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  Json json(const std::string& name) const { return Json::parse(get(scratch / name)); }
  bool exists(const std::string& name) const { return std::filesystem::exists(scratch / name); }

  TemporaryFolder scratch;
};

}  // namespace gptask::test

// gptask COMMAND: finds the command, and turns what it throws into one line and an exit code.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <nlohmann/json.hpp>

#include "command.h"
#include "gpt/core/error.h"
#include "gpt/core/log.h"
#include "gpt/core/options.h"
#include "gpt/core/version.h"
#include "signals.h"

namespace gptask::app {
namespace {

enum Exit { ok = 0, failed = 1, misused = 2 };

void print_usage() {
  fmt::print(
      "gptask {}: fine-tune, evaluate and run GPT models on CPUs\n\nUsage: gptask COMMAND [OPTIONS]\n\nCommands:\n",
      GPTASK_VERSION);
  for (const Command& command : commands()) fmt::print("  {:<15} {}\n", command.name, command.summary);
  fmt::print(
      "\ngptask COMMAND --help shows the options of a command.\n\nExample:\n  gptask finetune sentiment --model "
      "SmolLM2-135M-Instruct.Q4_1.gguf --train-file train.csv \\\n      --validation-file validation.csv --output-dir "
      "runs/first\n");
}

void report(bool json, std::string_view code, const std::string& message) {
  if (json) {
    const nlohmann::json error = {{"error", {{"code", code}, {"message", message}}}};
    fmt::print("{}\n", error.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    std::string line = message;
    std::replace(line.begin(), line.end(), '\n', ' ');
    fmt::print(stderr, "gptask: error: {}\n", line);
  }
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    print_usage();
    return misused;
  }
  if (arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    print_usage();
    return ok;
  }
  if (arguments[0] == "--version") {
    fmt::print("gptask {}\n", GPTASK_VERSION);
    return ok;
  }
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    if (command.name == arguments[0]) return command.run({arguments.begin() + 1, arguments.end()});
    names.emplace_back(command.name);
  }
  const std::string nearest = gpt::nearest_name(arguments[0], names);
  gpt::fail(gpt::ErrorCode::invalid_option, "there is no command \"{}\"{}", arguments[0],
            nearest.empty() ? "; gptask --help lists them" : "; did you mean " + nearest + "?");
}

int run_reporting(const std::vector<std::string>& arguments) {
  const bool json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  try {
    const int code = run(arguments);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      gpt::fail(gpt::ErrorCode::io, "standard output cannot be written; is the disk full?");
    return code;
  } catch (const gpt::Error& error) {
    report(json, gpt::error_name(error.code()), error.what());
    if (error.code() == gpt::ErrorCode::interrupted && caught_signal() != 0) return 128 + caught_signal();
    return error.code() == gpt::ErrorCode::invalid_option ? misused : failed;
  } catch (const std::bad_alloc&) {
    report(json, "memory", "out of memory; a smaller --batch-size or --max-seq-length needs less");
  } catch (const std::exception& error) {
    report(json, "internal", error.what());
  }
  return failed;
}

}  // namespace
}  // namespace gptask::app

int main(int argc, char** argv) {
  gpt::set_log_sink([](gpt::LogLevel level, std::string_view message) {
    if (level == gpt::LogLevel::warning) fmt::print(stderr, "warning: {}\n", message);
  });
  return gptask::app::run_reporting({argv + 1, argv + argc});
}

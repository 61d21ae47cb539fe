// Runs that end early: killed, asked to stop, resumed.
#include <chrono>
#include <thread>

#include "apps/gptask.h"
#include "support/catch.h"

using namespace gptask::test;

namespace {

bool has_checkpoint(const Workspace& work, const std::string& run) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(work.scratch / run, error))
    if (entry.path().filename().string().rfind("checkpoint-", 0) == 0) return true;
  return false;
}

/// Waits until the run has saved a checkpoint; false if it ended before.
bool wait_for_checkpoint(Program& program, const Workspace& work, const std::string& run) {
  for (int i = 0; i < 6000 && program.running(); ++i) {
    if (has_checkpoint(work, run)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

const std::vector<std::string> long_run = {"--max-steps",        "400", "--save-steps", "20",
                                           "--save-total-limit", "2",   "--tuning",     "full"};

std::vector<std::string> with(std::vector<std::string> arguments, const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

}  // namespace

TEST_CASE("a run that was killed ends with the same weights when resumed", "[apps][reliability]") {
  const Workspace work;
  REQUIRE(run_gptask(work.finetune("whole", long_run)).code == 0);
  Program program(command(work.finetune("killed", long_run)));
  REQUIRE(wait_for_checkpoint(program, work, "killed"));
  program.signal(SIGKILL);
  CHECK(program.wait().code == 137);
  CHECK_FALSE(work.exists("killed/gptask.json"));

  const auto refused = run_gptask(work.finetune("killed", long_run));
  CHECK(refused.code == 2);
  CHECK(refused.err.find("holds an unfinished run") != std::string::npos);
  const auto other =
      run_gptask(work.finetune("killed", with(long_run, {"--resume-from-checkpoint", "true", "--seed", "7"})));
  CHECK(other.code == 1);
  CHECK(other.err.find("seed was 42 and is now 7") != std::string::npos);

  const auto resumed = run_gptask(work.finetune("killed", with(long_run, {"--resume-from-checkpoint", "true"})));
  INFO(resumed.err);
  REQUIRE(resumed.code == 0);
  CHECK(resumed.err.find("resuming from") != std::string::npos);
  CHECK(get(work.scratch / "killed/model.safetensors") == get(work.scratch / "whole/model.safetensors"));
  CHECK(work.json("killed/trainer_state.json").at("log_history").size() ==
        work.json("whole/trainer_state.json").at("log_history").size());
}

TEST_CASE("SIGTERM and Ctrl-C save a checkpoint and exit with 128 + signal", "[apps][reliability]") {
  const Workspace work;
  const std::vector<std::string> options = {"--max-steps", "100000", "--save-steps", "20", "--save-total-limit", "1"};
  const auto [signal, code] = GENERATE(std::pair(SIGTERM, 143), std::pair(SIGINT, 130));
  Program program(command(work.finetune("run", options)));
  REQUIRE(wait_for_checkpoint(program, work, "run"));
  const auto begin = std::chrono::steady_clock::now();
  program.signal(signal);
  const Outcome outcome = program.wait();
  INFO(outcome.err);
  CHECK(outcome.code == code);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
  CHECK(outcome.err.find("--resume-from-checkpoint true goes on from") != std::string::npos);
  CHECK(has_checkpoint(work, "run"));
  CHECK_FALSE(work.exists("run/gptask.json"));
}

TEST_CASE("SIGTERM in the evaluation at the end: how to go on is said, and works", "[apps][reliability]") {
  const Workspace work;
  write_reviews(work.scratch / "many.csv", 20000);
  const std::vector<std::string> options = {"--max-steps",       "6", "--save-steps",      "4",
                                            "--eval-batch-size", "1", "--validation-file", work.path("many.csv")};
  Program program(command(work.finetune("run", options)));
  for (int i = 0; i < 6000 && program.running() && !work.exists("run/adapter_model.safetensors"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  REQUIRE(program.running());
  program.signal(SIGTERM);
  const Outcome outcome = program.wait();
  INFO(outcome.err);
  CHECK(outcome.code == 143);
  CHECK(outcome.err.find("stopped on request before the run was done; the same command with --resume_from_checkpoint "
                         "true goes on from " +
                         work.path("run/checkpoint-4")) != std::string::npos);
  CHECK_FALSE(work.exists("run/gptask.json"));
  const auto resumed =
      run_gptask(work.finetune("run", with(options, {"--resume-from-checkpoint", "true", "--max-eval-samples", "10"})));
  INFO(resumed.err);
  CHECK(resumed.code == 0);
  CHECK(work.json("run/trainer_state.json").at("global_step") == 6);
}

TEST_CASE("a folder that holds a run is refused, overwritten or resumed as asked", "[apps]") {
  const Workspace work;
  REQUIRE(run_gptask(work.finetune("run", {"--max-steps", "2"})).code == 0);
  const auto refused = run_gptask(work.finetune("run", {"--max-steps", "3"}));
  CHECK(refused.code == 2);
  CHECK(refused.err.find("holds another run; --overwrite_output_dir replaces it") != std::string::npos);
  put(work.scratch / "run/notes.txt", "mine");
  CHECK(run_gptask(work.finetune("run", {"--max-steps", "3", "--tuning", "full", "--overwrite-output-dir"})).code == 0);
  CHECK(work.json("run/trainer_state.json").at("global_step") == 3);
  CHECK_FALSE(work.exists("run/adapter_model.safetensors"));
  CHECK(get(work.scratch / "run/notes.txt") == "mine");

  const auto evaluate = [&](const std::string& output, bool overwrite) {
    std::vector<std::string> arguments = {
        "evaluate",     "--model",        work.path("run"), "--test-file", work.path("test.csv"),
        "--output-dir", work.path(output)};
    if (overwrite) arguments.emplace_back("--overwrite-output-dir");
    return run_gptask(arguments);
  };
  const auto own = evaluate("run", true);
  CHECK(own.code == 2);
  CHECK(own.err.find("belongs to a run of gptask finetune") != std::string::npos);
  CHECK(evaluate("test", false).code == 0);
  CHECK(evaluate("test", false).code == 2);
  CHECK(evaluate("test", true).code == 0);

  std::filesystem::create_directories(work.scratch / "photos");
  put(work.scratch / "photos/cat.jpg", "meow");
  const auto foreign = run_gptask(work.finetune("photos", {"--overwrite-output-dir"}));
  CHECK(foreign.code == 2);
  CHECK(foreign.err.find("holds files that no gptask run wrote") != std::string::npos);
}

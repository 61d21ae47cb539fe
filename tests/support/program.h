// Runs a program as a user does, and looks at what it printed and how it ended.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/temporary_folder.h"

namespace gpt::test {

struct Outcome {
  int code = -1;  ///< exit code, or 128 + signal
  std::string out, err;
};

/// A started program; its output goes to files.
class Program {
 public:
  /// `input`: what it reads from standard input. `environment`: NAME=VALUE.
  explicit Program(std::vector<std::string> command, const std::string& input = "",
                   const std::vector<std::string>& environment = {}) {
    put(folder_ / "in", input);
    pid_ = fork();
    if (pid_ != 0) return;
    const auto redirect = [&](const char* name, int flags, int descriptor) {
      dup2(open((folder_ / name).c_str(), flags, 0600), descriptor);
    };
    redirect("in", O_RDONLY, 0);
    redirect("out", O_WRONLY | O_CREAT, 1);
    redirect("err", O_WRONLY | O_CREAT, 2);
    for (const std::string& setting : environment) {
      const std::size_t equals = setting.find('=');
      setenv(setting.substr(0, equals).c_str(), setting.substr(equals + 1).c_str(), 1);
    }
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  ~Program() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Nothing for a program that has ended: -1 would mean every process there is.
  void signal(int number) const {
    if (pid_ > 0) kill(pid_, number);
  }
  bool running() {
    if (pid_ <= 0) return false;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
    note(status);
    return false;
  }
  Outcome wait() {
    int status = 0;
    if (pid_ > 0 && waitpid(pid_, &status, 0) == pid_) note(status);
    return {code_, get(folder_ / "out"), get(folder_ / "err")};
  }

 private:
  void note(int status) {
    code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    pid_ = -1;
  }
  TemporaryFolder folder_;
  pid_t pid_ = -1;
  int code_ = -1;
};

inline Outcome run(std::vector<std::string> command, const std::string& input = "",
                   const std::vector<std::string>& environment = {}) {
  return Program(std::move(command), input, environment).wait();
}

}  // namespace gpt::test

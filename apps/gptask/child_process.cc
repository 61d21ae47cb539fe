#include "child_process.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <new>
#include <string>

#include "gpt/core/error.h"

namespace gptask::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kOutOfMemory = "bad_alloc";

std::string outcome_of(const std::function<Json()>& work) {
  Json outcome;
  try {
    outcome["result"] = work();
  } catch (const gpt::Error& error) {
    outcome["error"] = error.what();
    outcome["code"] = error.code();
  } catch (const std::bad_alloc&) {
    outcome[kOutOfMemory] = true;
  } catch (const std::exception& error) {
    outcome["exception"] = error.what();
  }
  return outcome.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void write_all(int descriptor, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = write(descriptor, text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR) return;  // nobody reads any more
    if (count > 0) done += static_cast<std::size_t>(count);
  }
}

std::string read_all(int descriptor) {
  std::string text;
  char part[4096];
  for (;;) {
    const ssize_t count = read(descriptor, part, sizeof(part));
    if (count == 0 || (count < 0 && errno != EINTR)) return text;
    if (count > 0) text.append(part, static_cast<std::size_t>(count));
  }
}

[[noreturn]] void be_child(int descriptor, const std::function<Json()>& work) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // nothing goes on measuring when the program was stopped
  write_all(descriptor, outcome_of(work));
  _exit(0);
}

Json result_in(const std::string& text, std::string_view what, int status) {
  if (WIFSIGNALED(status))
    gpt::fail(
        gpt::ErrorCode::io, "{}: ended by signal {}{}", what, WTERMSIG(status),
        WTERMSIG(status) == SIGKILL ? ", as when memory runs out; a smaller --batch-size or --length needs less" : "");
  const Json outcome = Json::parse(text);
  if (outcome.contains("error")) throw gpt::Error(outcome.at("code").get<gpt::ErrorCode>(), outcome.at("error"));
  if (outcome.contains(kOutOfMemory)) throw std::bad_alloc();
  if (outcome.contains("exception")) throw std::runtime_error(outcome.at("exception").get<std::string>());
  return outcome.at("result");
}

}  // namespace

Json in_child(std::string_view what, const std::function<Json()>& work) {
  int ends[2];
  if (pipe(ends) != 0) gpt::fail(gpt::ErrorCode::io, "{}: the system gives no pipe", what);
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    be_child(ends[1], work);
  }
  close(ends[1]);
  const std::string text = child > 0 ? read_all(ends[0]) : "";
  close(ends[0]);
  if (child < 0) gpt::fail(gpt::ErrorCode::io, "{}: the system gives no process", what);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return result_in(text, what, status);
}

}  // namespace gptask::app

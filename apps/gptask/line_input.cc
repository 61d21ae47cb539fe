#include "line_input.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "gpt/core/error.h"
#include "signals.h"

namespace gptask::app {
namespace {

constexpr std::size_t longest = std::size_t{16} << 20;

}  // namespace

bool LineInput::take_line(std::string& line) {
  const std::size_t end = buffer_.find('\n');
  if (end == std::string::npos && (!ended_ || buffer_.empty())) return false;
  line = buffer_.substr(0, end);
  buffer_.erase(0, end == std::string::npos ? end : end + 1);
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

LineInput::Event LineInput::next(std::string& line) {
  for (;;) {
    if (take_line(line)) return Event::line;
    if (ended_) return Event::end;
    if (buffer_.size() > longest)
      gpt::fail(gpt::ErrorCode::malformed, "a line of standard input has more than {} bytes; is it text?", longest);
    pollfd waiting[] = {{STDIN_FILENO, POLLIN, 0}, {signal_descriptor(), POLLIN, 0}};
    if (poll(waiting, 2, -1) < 0) {
      if (errno == EINTR) continue;
      gpt::fail(gpt::ErrorCode::io, "standard input cannot be waited for");
    }
    if (waiting[1].revents != 0) {
      const int signal = caught_signal();
      if (signal != 0 && signal != SIGINT) return Event::terminated;
      forget_interrupt();
      if (signal == SIGINT) return Event::interrupt;
      continue;
    }
    char bytes[4096];
    const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
    if (count < 0 && errno != EINTR) gpt::fail(gpt::ErrorCode::io, "standard input cannot be read");
    if (count == 0) ended_ = true;
    if (count > 0) buffer_.append(bytes, static_cast<std::size_t>(count));
  }
}

}  // namespace gptask::app

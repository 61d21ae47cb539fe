// Lines of standard input, from somebody who may press Ctrl-C instead of writing one.
#pragma once

#include <string>

namespace gptask::app {

class LineInput {
 public:
  enum class Event { line, end, interrupt, terminated };

  /// Waits for the next line (without its ending) or a signal; catch_signals comes before. Error io, malformed for a
  /// line above 16 MiB.
  Event next(std::string& line);

 private:
  bool take_line(std::string& line);

  std::string buffer_;
  bool ended_ = false;
};

}  // namespace gptask::app

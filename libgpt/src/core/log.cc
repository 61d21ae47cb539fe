#include "gpt/core/log.h"

#include <mutex>

namespace gpt {
namespace {

struct Sink {
  std::mutex mutex;
  LogSink call;
};

Sink& sink() {
  static Sink instance;
  return instance;
}

}  // namespace

LogSink set_log_sink(LogSink replacement) {
  const std::lock_guard lock(sink().mutex);
  return std::exchange(sink().call, std::move(replacement));
}

void log_message(LogLevel level, std::string_view message) {
  const std::lock_guard lock(sink().mutex);
  if (sink().call) sink().call(level, message);
}

}  // namespace gpt

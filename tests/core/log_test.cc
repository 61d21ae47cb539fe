// The log sink.
#include "gpt/core/log.h"

#include <string>
#include <thread>
#include <vector>

#include "support/catch.h"

using namespace gpt;

namespace {

using Lines = std::vector<std::pair<LogLevel, std::string>>;

/// Collects what is logged until it goes out of scope.
struct Collected {
  Collected()
      : before(set_log_sink([this](LogLevel level, std::string_view text) { lines.emplace_back(level, text); })) {}
  ~Collected() { set_log_sink(before); }
  Lines lines;
  LogSink before;
};

}  // namespace

TEST_CASE("log: level and formatted text reach the sink") {
  Collected log;
  log_info("step {} of {}", 3, 10);
  log_warning("{:.2f} is odd", 1.5);
  log_message(LogLevel::debug, "{} as it is");
  CHECK(log.lines ==
        Lines{{LogLevel::info, "step 3 of 10"}, {LogLevel::warning, "1.50 is odd"}, {LogLevel::debug, "{} as it is"}});
}

TEST_CASE("log: setting a sink returns the one before, an empty one drops everything") {
  Collected log;
  const LogSink mine = set_log_sink({});
  log_info("lost");
  CHECK(log.lines.empty());
  CHECK_FALSE(set_log_sink(mine));
  log_info("heard");
  CHECK(log.lines.size() == 1);
}

TEST_CASE("log: one call at a time from many threads") {
  Collected log;  // a vector without a lock of its own: only the sink's keeps it whole
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([] {
      for (int i = 0; i < 500; ++i) log_info("line {}", i);
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(log.lines.size() == 2000);
}

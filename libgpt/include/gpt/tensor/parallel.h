// Threads. The library's work runs in task arenas of its own (oneTBB) and inside them oneDNN runs single-threaded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace gpt {

/// A fixed number of threads that work is shared among. Results never depend on the number.
class Threads {
 public:
  /// count 0: all cores this process may use. Error invalid_option above 1,024.
  explicit Threads(int count = 0);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  int count() const noexcept;
  /// Runs `work` with parallel_for using these threads, the calling one among them. Exceptions pass through.
  void run(const std::function<void()>& work);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Calls body(0) ... body(count-1), each once, on the threads of the surrounding Threads::run (the calling thread alone
/// outside of one). What body(i) computes must depend on i only, never on the thread or the order.
void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& body);

/// Keeps the threads of the surrounding Threads::run awake between the parallel_for calls of the thread that made it:
/// for many short ones in a row (decoding), where starting them anew each time costs as much as the work. One at a
/// time; results are the same with and without.
class Crew {
 public:
  Crew();
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace gpt

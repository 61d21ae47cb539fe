#include "gpt/tensor/parallel.h"

#include <tbb/blocked_range.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <tbb/task_scheduler_observer.h>

#include <atomic>
#include <exception>
#include <thread>
#include <utility>

#include "gpt/core/error.h"
#include "tensor/onednn.h"

namespace gpt {
namespace {

thread_local int inside = 0;  // how many Threads::run surround this thread
thread_local int open_mp_before = 0;

/// A hint to the core that this thread waits for another.
void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Every thread that works in the arena keeps oneDNN to itself; a caller gets its own setting back.
class OneThreadEach final : public tbb::task_scheduler_observer {
 public:
  explicit OneThreadEach(tbb::task_arena& arena) : tbb::task_scheduler_observer(arena) { observe(true); }
  ~OneThreadEach() override { observe(false); }
  void on_scheduler_entry(bool) override {
    if (inside++ == 0) open_mp_before = onednn::limit_threads();
  }
  void on_scheduler_exit(bool) override {
    if (--inside == 0) onednn::restore_threads(open_mp_before);
  }
};

/// The same for a caller outside of any arena, however it leaves.
struct OneThreadHere {
  OneThreadHere() = default;
  ~OneThreadHere() { onednn::restore_threads(before); }
  OneThreadHere(const OneThreadHere&) = delete;
  OneThreadHere& operator=(const OneThreadHere&) = delete;
  const int before = onednn::limit_threads();
};

int checked(int count) {
  if (count < 0 || count > 1024)
    fail(ErrorCode::invalid_option, "a thread count must be between 1 and 1024, not {}", count);
  return count == 0 ? tbb::info::default_concurrency() : count;
}

}  // namespace

struct Threads::State {
  explicit State(int n) : count(n), arena(n), observer(arena) {}
  int count;
  tbb::task_arena arena;
  OneThreadEach observer;
};

Threads::Threads(int count) : state_(std::make_unique<State>(checked(count))) {}
Threads::~Threads() = default;

int Threads::count() const noexcept { return state_->count; }

void Threads::run(const std::function<void()>& work) { state_->arena.execute(work); }

/// One job at a time: whoever is free takes its next index. Helpers say that they look at a job before they do, and
/// the next one is laid out only when none of them looks any more.
struct Crew::State {
  const std::function<void(std::int64_t)>* body = nullptr;
  std::int64_t count = 0;
  std::atomic<std::int64_t> next{0}, done{0};
  std::atomic<bool> open{false}, stop{false};
  std::atomic<int> looking{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure;
  tbb::task_group helpers;

  void take_part() noexcept {
    ++in_job;
    for (std::int64_t i; (i = next.fetch_add(1)) < count; done.fetch_add(1)) {
      try {
        (*body)(i);
      } catch (...) {
        if (!failed.exchange(true)) failure = std::current_exception();
      }
    }
    --in_job;
  }

  void help() noexcept {
    for (int idle = 0; !stop.load(); ++idle) {
      looking.fetch_add(1);
      if (open.load() && next.load() < count) {
        take_part();
        idle = 0;
      }
      looking.fetch_sub(1);
      if (idle < kSpins) {
        pause();
      } else {
        std::this_thread::yield();
      }
    }
  }

  void run(std::int64_t n, const std::function<void(std::int64_t)>& work) {
    body = &work;
    count = n;
    next = done = 0;
    failed = false;
    open = true;
    take_part();
    while (done.load() < n) pause();
    open = false;
    while (looking.load() > 0) pause();
    if (failed) std::rethrow_exception(std::exchange(failure, nullptr));
  }

  static constexpr int kSpins = 2000;
  static thread_local int in_job;
};

thread_local int Crew::State::in_job = 0;

namespace {
thread_local Crew::State* crew = nullptr;
}  // namespace

Crew::Crew() {
  if (inside == 0 || crew != nullptr) return;
  const int others = tbb::this_task_arena::max_concurrency() - 1;
  if (others < 1) return;
  state_ = std::make_unique<State>();
  for (int i = 0; i < others; ++i) state_->helpers.run([state = state_.get()] { state->help(); });
  crew = state_.get();
}

Crew::~Crew() {
  if (!state_) return;
  crew = nullptr;
  state_->stop = true;
  state_->helpers.wait();
}

void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& body) {
  if (count == 0) return;
  if (inside == 0) {
    const OneThreadHere guard;
    for (std::int64_t i = 0; i < count; ++i) body(i);
    return;
  }
  if (count == 1) return body(0);
  if (Crew::State::in_job > 0) {  // within one of a crew's jobs: its threads have theirs
    for (std::int64_t i = 0; i < count; ++i) body(i);
    return;
  }
  if (crew != nullptr) return crew->run(count, body);
  tbb::parallel_for(
      tbb::blocked_range<std::int64_t>(0, count, 1),
      [&body](const tbb::blocked_range<std::int64_t>& range) {
        for (std::int64_t i = range.begin(); i != range.end(); ++i) body(i);
      },
      tbb::simple_partitioner());
}

}  // namespace gpt

#include "gpt/tensor/parallel.h"

#include <tbb/blocked_range.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_scheduler_observer.h>

#include "gpt/core/error.h"
#include "tensor/onednn.h"

namespace gpt {
namespace {

thread_local int inside = 0;  // how many Threads::run surround this thread
thread_local int open_mp_before = 0;

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

void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& body) {
  if (inside == 0) {
    const OneThreadHere guard;
    for (std::int64_t i = 0; i < count; ++i) body(i);
    return;
  }
  if (count == 1) return body(0);
  tbb::parallel_for(
      tbb::blocked_range<std::int64_t>(0, count, 1),
      [&body](const tbb::blocked_range<std::int64_t>& range) {
        for (std::int64_t i = range.begin(); i != range.end(); ++i) body(i);
      },
      tbb::simple_partitioner());
}

}  // namespace gpt

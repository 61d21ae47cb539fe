#include "run/scoring.h"

#include <chrono>

#include "gpt/train/trainer.h"
#include "run/inputs.h"

namespace gptask {

Scored score(const gpt::Task& task, const gpt::Decoder& decoder, gpt::Head& head, const gpt::TaskData& data,
             std::int64_t batch_size, gpt::Threads& threads, Observer& observer) {
  const auto begin = std::chrono::steady_clock::now();
  const auto outputs = gpt::infer(decoder, head, data.examples, batch_size, threads, [&](std::size_t done) {
    observer.inferred(done, data.examples.size());
    check_stop(observer);
  });
  Scored scored;
  scored.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  scored.evaluation = task.evaluate(data, outputs);
  return scored;
}

}  // namespace gptask

#include "run/scoring.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "gpt/tensor/arena.h"
#include "gpt/train/trainer.h"
#include "run/inputs.h"

namespace gptask {
namespace {

bool has_answer(const gpt::Target& target) { return target.label >= 0 || !target.values.empty() || target.first >= 0; }

/// The rows of these examples, one below the other.
gpt::Variable stacked(gpt::Tape& tape, const std::vector<std::vector<float>>& outputs,
                      std::span<const std::uint32_t> indices, std::int64_t rows) {
  std::vector<float> all;
  for (const std::uint32_t i : indices) all.insert(all.end(), outputs[i].begin(), outputs[i].end());
  const gpt::Tensor values = tape.empty(rows, static_cast<std::int64_t>(all.size()) / rows);
  std::copy(all.begin(), all.end(), values.data());
  return tape.variable(values, false);
}

/// The head's mean loss over the examples whose answer is known; none: no value.
std::optional<double> mean_loss(gpt::Head& head, std::span<const gpt::Example> examples,
                                const std::vector<std::vector<float>>& outputs) {
  constexpr std::size_t at_once = 64;
  std::vector<std::uint32_t> known;
  for (std::uint32_t i = 0; i < examples.size(); ++i)
    if (has_answer(examples[i].target)) known.push_back(i);
  gpt::Arena arena;
  double sum = 0, divisor = 0;
  for (std::size_t begin = 0; begin < known.size(); begin += at_once) {
    const std::span<const std::uint32_t> indices(known.data() + begin, std::min(at_once, known.size() - begin));
    const gpt::Batch batch = gpt::pack(examples, indices);
    gpt::Tape tape(arena, false);
    const auto rows = head.per_token() ? batch.token_count() : batch.examples();
    sum += static_cast<double>(head.loss(stacked(tape, outputs, indices, rows), batch, 1.0F).value().data()[0]);
    divisor += head.loss_divisor(batch);
  }
  return divisor > 0 ? std::optional<double>(sum / divisor) : std::nullopt;
}

}  // namespace

Scored score(const gpt::Task& task, const gpt::Decoder& decoder, gpt::Head& head, const gpt::TaskData& data,
             std::int64_t batch_size, gpt::Threads& threads, Observer& observer, const gpt::Features* features) {
  const auto begin = std::chrono::steady_clock::now();
  const auto progress = [&](std::size_t done) {
    observer.inferred(done, data.examples.size());
    check_stop(observer);
  };
  auto outputs = gpt::infer(decoder, head, data.examples, batch_size, threads, progress, features);
  Scored scored;
  scored.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  scored.evaluation = task.evaluate(data, outputs);
  threads.run([&] {
    if (const auto loss = mean_loss(head, data.examples, outputs)) scored.evaluation.metrics["loss"] = *loss;
  });
  scored.outputs = std::move(outputs);
  return scored;
}

}  // namespace gptask

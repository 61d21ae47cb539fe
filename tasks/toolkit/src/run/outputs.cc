#include "run/outputs.h"

#include <algorithm>
#include <numeric>

#include "gpt/generate/generate.h"
#include "gpt/train/trainer.h"

namespace gptask {
namespace {

/// The ids of the tokens that are written after each example's prompt, the end token left out.
std::vector<std::vector<float>> written(gpt::GenerateOptions options, const gpt::Decoder& decoder,
                                        std::span<const gpt::Example> examples, std::int64_t batch_size,
                                        gpt::Threads& threads, const std::function<void(std::size_t)>& progress) {
  std::vector<std::vector<std::int32_t>> prompts;
  for (const gpt::Example& example : examples)
    prompts.emplace_back(example.tokens.begin(), example.tokens.begin() + example.target.loss_from);
  options.batch_size = static_cast<std::int32_t>(std::min<std::int64_t>(batch_size, 1024));
  std::size_t done = 0;
  gpt::GenerateCallbacks callbacks;
  callbacks.finished = [&](std::size_t, const gpt::Generation&) {
    if (progress) progress(++done);
  };
  std::vector<std::vector<float>> outputs;
  for (const gpt::Generation& generation : gpt::generate(decoder, prompts, options, threads, callbacks)) {
    const bool ended = generation.reason == gpt::StopReason::end_token && !generation.tokens.empty();
    outputs.emplace_back(generation.tokens.begin(), generation.tokens.end() - (ended ? 1 : 0));
  }
  return outputs;
}

}  // namespace

std::vector<std::vector<float>> task_outputs(const gpt::Task& task, const gpt::Decoder& decoder, gpt::Head& head,
                                             std::span<const gpt::Example> examples, std::int64_t batch_size,
                                             gpt::Threads& threads, const std::function<void(std::size_t)>& progress,
                                             const gpt::Features* features) {
  if (const auto options = task.generation())
    return written(*options, decoder, examples, batch_size, threads, progress);
  return gpt::infer(decoder, head, examples, batch_size, threads, progress, features);
}

std::uint64_t row_limit(std::int64_t samples) {
  return samples > 0 ? static_cast<std::uint64_t>(samples) : gpt::Reading::all;
}

std::vector<std::uint32_t> examples_of_first_rows(const gpt::TaskData& data, std::int64_t limit) {
  std::vector<std::uint32_t> indices;
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < data.rows.size(); ++i) {
    if (i == 0 || data.rows[i] != data.rows[i - 1]) ++rows;
    if (rows > limit) break;
    indices.push_back(static_cast<std::uint32_t>(i));
  }
  return indices;
}

std::unique_ptr<gpt::TaskData> first_rows(std::unique_ptr<gpt::TaskData> data, std::int64_t limit) {
  if (limit <= 0) return data;
  const std::vector<std::uint32_t> indices = examples_of_first_rows(*data, limit);
  return indices.size() == data->rows.size() ? std::move(data) : data->take(indices);
}

}  // namespace gptask

#include <algorithm>
#include <chrono>
#include <memory>

#include "benchmark/counts.h"
#include "gpt/core/error.h"
#include "gpt/head/language_model_head.h"
#include "gpt/head/sequence_head.h"
#include "gpt/train/trainer.h"

namespace gptask {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kWarmUp = 2;  // the arena is sized by the first steps

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::vector<gpt::Example> examples(const TrainingWork& work, std::int64_t count, std::int64_t vocabulary) {
  std::vector<gpt::Example> all(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].tokens = random_tokens(work.length, vocabulary, i);
    all[i].target.label = static_cast<std::int32_t>(i % 2);
  }
  return all;
}

std::unique_ptr<gpt::Head> make_head(const gpt::Decoder& decoder, const TrainingWork& work) {
  if (work.language_model) return std::make_unique<gpt::LanguageModelHead>(decoder.output_projection());
  gpt::Random random(1);
  auto head = std::make_unique<gpt::SequenceHead>(decoder.config().hidden, 2, 0.02F, random);
  for (gpt::Parameter* p : head->parameters()) p->set_trainable(true);
  return head;
}

void make_trainable(gpt::Decoder& decoder, const TrainingWork& work) {
  if (work.tuning == Tuning::lora) return decoder.add_lora(work.lora, 1);
  decoder.set_trainable(work.tuning == Tuning::full);
  if (work.tuning == Tuning::head && work.language_model)
    gpt::fail(gpt::ErrorCode::invalid_option,
              "a language model has no head of its own to train: tune all weights or adapters");
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Speed speed_of(const gpt::Decoder& decoder, const TrainingWork& work, bool training, double seconds) {
  const double rate = static_cast<double>(work.batch_size * work.length) / seconds;
  return {seconds, rate, rate * operations_per_token(decoder, work, training)};
}

}  // namespace

Speed measure_training(gpt::Decoder& decoder, const TrainingWork& work, gpt::Threads& threads) {
  make_trainable(decoder, work);
  decoder.set_gradient_checkpointing(work.checkpointing);
  const std::unique_ptr<gpt::Head> head = make_head(decoder, work);
  gpt::TrainOptions options;
  options.batch_size = work.batch_size;
  options.max_steps = work.steps + kWarmUp;
  const auto data = examples(work, work.batch_size * options.max_steps, decoder.config().vocabulary);
  std::vector<double> times;
  Clock::time_point last = Clock::now();
  gpt::TrainHooks hooks;
  hooks.stepped = [&](const gpt::StepRecord&) {
    times.push_back(seconds_since(last));
    last = Clock::now();
  };
  gpt::train(decoder, *head, data, options, threads, {}, {}, hooks);
  times.erase(times.begin(), times.begin() + kWarmUp);
  return speed_of(decoder, work, true, median(std::move(times)));
}

Speed measure_evaluation(const gpt::Decoder& decoder, const TrainingWork& work, gpt::Threads& threads) {
  const std::unique_ptr<gpt::Head> head = make_head(decoder, work);
  const auto data = examples(work, work.batch_size, decoder.config().vocabulary);
  std::vector<std::uint32_t> indices(data.size());
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<std::uint32_t>(i);
  const auto pass = [&] {
    const Clock::time_point start = Clock::now();
    if (work.language_model) {
      gpt::mean_loss(decoder, *head, gpt::ExampleList(data), indices, work.batch_size, threads);
    } else {
      gpt::infer(decoder, *head, data, work.batch_size, threads);
    }
    return seconds_since(start);
  };
  pass();
  std::vector<double> times;
  for (std::int64_t i = 0; i < work.steps; ++i) times.push_back(pass());
  return speed_of(decoder, work, false, median(std::move(times)));
}

}  // namespace gptask

#include <algorithm>
#include <chrono>

#include "benchmark/counts.h"
#include "gpt/generate/generate.h"
#include "gpt/model/kv_cache.h"

namespace gptask {
namespace {

using Clock = std::chrono::steady_clock;

/// When each step of the generation began, and when the last one ended.
std::vector<Clock::time_point> step_times(const gpt::Decoder& decoder, const WritingWork& work, gpt::Threads& threads) {
  std::vector<std::vector<std::int32_t>> prompts;
  for (std::int32_t i = 0; i < work.sequences; ++i)
    prompts.push_back(random_tokens(work.prompt_tokens, decoder.config().vocabulary, static_cast<std::uint64_t>(i)));
  gpt::GenerateOptions options;
  options.max_new_tokens = static_cast<std::int32_t>(work.new_tokens);
  options.eos_token_id = std::vector<std::int32_t>();
  options.batch_size = work.sequences;
  options.num_beams = work.beams;
  std::vector<Clock::time_point> times;
  gpt::GenerateCallbacks callbacks;
  callbacks.stop_requested = [&] {
    times.push_back(Clock::now());
    return false;
  };
  gpt::generate(decoder, prompts, options, threads, callbacks);
  times.push_back(Clock::now());
  return times;
}

/// Bytes of weights, keys and values that a step of all sequences reads, on average over the continuation.
double bytes_of_step(const gpt::Decoder& decoder, const WritingWork& work) {
  const gpt::ModelConfig& c = decoder.config();
  double keys = static_cast<double>(work.prompt_tokens) + static_cast<double>(work.new_tokens) / 2;
  if (c.window > 0) keys = std::min(keys, static_cast<double>(c.window));
  const double cache = keys * static_cast<double>(gpt::KvCache::token_bytes(c, gpt::GenerateOptions().cache_type));
  return static_cast<double>(decoder.product_weights().bytes) + cache * work.sequences * work.beams;
}

}  // namespace

WritingSpeed measure_writing(const gpt::Decoder& decoder, const WritingWork& work, gpt::Threads& threads) {
  const gpt::ModelConfig& config = decoder.config();
  const double steps = static_cast<double>(work.new_tokens) - 1;
  double reading = 0, writing = 0;
  for (int i = 0; i < work.rounds; ++i) {
    const auto times = step_times(decoder, work, threads);
    const double first = std::chrono::duration<double>(times[1] - times[0]).count();
    const double rest = std::chrono::duration<double>(times.back() - times[1]).count();
    reading = i == 0 ? first : std::min(reading, first);
    writing = i == 0 ? rest : std::min(writing, rest);
  }
  WritingSpeed speed;
  const double weights = weights_per_token(decoder.product_weights(), false, work.prompt_tokens);
  const double of_token = 2 * (weights + attention_multiplications(config, mean_keys(config, work.prompt_tokens)));
  const double read = static_cast<double>(work.prompt_tokens) * work.sequences / reading;
  speed.prompt = {reading, read, read * of_token, 0};
  if (steps > 0)
    speed.decoding = {writing, work.sequences * steps / writing, 0, steps * bytes_of_step(decoder, work) / writing};
  return speed;
}

}  // namespace gptask

#include "generate/check.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gpt/core/error.h"

namespace gpt {
namespace {

void between(const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value < least || value > most)
    fail(ErrorCode::invalid_option, "{} must be between {} and {}, not {}", name, least, most, value);
}

void number(const char* name, double value, bool good, const char* wanted) {
  if (!good || !std::isfinite(value)) fail(ErrorCode::invalid_option, "{} must be {}, not {}", name, wanted, value);
}

void check_sampling(const GenerateOptions& o) {
  number("temperature", o.temperature, o.temperature > 0,
         "a positive number (do_sample false takes the likeliest token)");
  between("top_k", o.top_k, 0, std::numeric_limits<std::int32_t>::max());
  number("top_p", o.top_p, o.top_p >= 0 && o.top_p <= 1, "between 0 and 1");
  number("min_p", o.min_p, o.min_p >= 0 && o.min_p <= 1, "between 0 and 1");
  if (o.num_beams > 1)
    fail(ErrorCode::invalid_option, "do_sample with {} beams is not supported: choose one of the two", o.num_beams);
}

void check_sequences(const GenerateOptions& o, const ModelConfig& config) {
  between("num_return_sequences", o.num_return_sequences, 1, 1024);
  if (!o.do_sample && o.num_return_sequences > o.num_beams)
    fail(ErrorCode::invalid_option,
         "num_return_sequences is {}, but {}: sample (do_sample), or search with as many beams", o.num_return_sequences,
         o.num_beams > 1 ? fmt::format("there are {} beams", o.num_beams) : "greedy search finds one sequence");
  between("top_log_probabilities", o.top_log_probabilities, 0, config.vocabulary);
  for (const std::string& stop : o.stop_strings)
    if (stop.empty()) fail(ErrorCode::invalid_option, "a stop string is empty: it would end every text at once");
  if (!o.stop_strings.empty() && o.tokenizer == nullptr)
    fail(ErrorCode::invalid_option, "stop_strings need the tokenizer, which the options do not give");
}

void check_options(const GenerateOptions& o, const ModelConfig& config) {
  constexpr std::int64_t kMost = 1 << 20;
  between("max_new_tokens", o.max_new_tokens, 1, kMost);
  between("min_new_tokens", o.min_new_tokens, 0, o.max_new_tokens);
  if (o.num_beams > config.vocabulary)
    fail(ErrorCode::invalid_option, "num_beams is {}, more than the {} tokens of the vocabulary", o.num_beams,
         config.vocabulary);
  between("num_beams", o.num_beams, 1, 1024);
  between("no_repeat_ngram_size", o.no_repeat_ngram_size, 0, kMost);
  between("batch_size", o.batch_size, 1, 65536);
  number("length_penalty", o.length_penalty, true, "a number");
  number("repetition_penalty", o.repetition_penalty, o.repetition_penalty > 0, "a positive number (1: no penalty)");
  number("presence_penalty", o.presence_penalty, true, "a number");
  number("frequency_penalty", o.frequency_penalty, true, "a number");
  if (o.do_sample) check_sampling(o);
  check_sequences(o, config);
}

void check_prompt(const std::vector<std::int32_t>& prompt, std::size_t number, std::size_t count,
                  const ModelConfig& config) {
  if (prompt.empty())
    fail(ErrorCode::invalid_option, "prompt {} of {} is empty: give it at least one token, such as the model's bos",
         number, count);
  if (static_cast<std::int64_t>(prompt.size()) >= config.context)
    fail(ErrorCode::invalid_option,
         "prompt {} of {} has {} tokens; the model's context holds {}, one of them at least new: shorten the prompt",
         number, count, prompt.size(), config.context);
  for (std::size_t i = 0; i < prompt.size(); ++i)
    if (prompt[i] < 0 || prompt[i] >= config.vocabulary)
      fail(ErrorCode::mismatch, "prompt {} of {}: token {} is {}, outside the model's vocabulary of {}", number, count,
           i + 1, prompt[i], config.vocabulary);
}

}  // namespace

void check_generate(const GenerateOptions& options, std::span<const std::vector<std::int32_t>> prompts,
                    const ModelConfig& config) {
  check_options(options, config);
  for (const std::int32_t token : end_tokens_of(options, config))
    if (token < 0 || token >= config.vocabulary)
      fail(ErrorCode::invalid_option, "the end token {} is outside the model's vocabulary of {}", token,
           config.vocabulary);
  for (std::size_t i = 0; i < prompts.size(); ++i) check_prompt(prompts[i], i + 1, prompts.size(), config);
}

std::vector<std::int32_t> end_tokens_of(const GenerateOptions& options, const ModelConfig& config) {
  std::vector<std::int32_t> tokens;
  if (options.eos_token_id) {
    tokens = *options.eos_token_id;
  } else if (config.eos && *config.eos >= 0 && *config.eos < config.vocabulary) {
    tokens.push_back(*config.eos);
  }
  std::sort(tokens.begin(), tokens.end());
  tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
  return tokens;
}

}  // namespace gpt

#include "gpt/generate/score.h"

#include <algorithm>
#include <optional>

#include "gpt/core/error.h"
#include "gpt/model/decoder.h"
#include "gpt/model/kv_cache.h"
#include "gpt/model/memory.h"
#include "gpt/ops/linear.h"
#include "gpt/ops/loss.h"
#include "gpt/tensor/parallel.h"
#include "kernels/softmax.h"

namespace gpt {
namespace {

constexpr std::int64_t kPassTokens = 2048;  // windows are put together up to here

/// Tokens [begin, end), of which those from `first` on are scored.
struct Window {
  std::int64_t begin, end, first;
  std::int64_t length() const noexcept { return end - begin; }
};

std::vector<Window> windows_of(std::int64_t tokens, const ScoreOptions& options, const ModelConfig& config) {
  const std::int64_t size = options.window == 0 ? config.context : options.window;
  if (size < 2 || size > config.context)
    fail(ErrorCode::invalid_option, "the window must be between 2 and {} tokens (the model's context), not {}",
         config.context, size);
  const std::int64_t stride = options.stride == 0 ? std::max<std::int64_t>(1, size / 2) : options.stride;
  if (stride < 1 || stride >= size)
    fail(ErrorCode::invalid_option, "the stride must be between 1 and {}, below the window of {}, not {}", size - 1,
         size, stride);
  std::vector<Window> windows;
  std::int64_t scored = 1;
  for (std::int64_t begin = 0; scored < tokens; begin += stride) {
    const std::int64_t end = std::min(begin + size, tokens);
    windows.push_back({begin, end, scored});
    scored = end;
  }
  return windows;
}

/// How many windows from `first` on make a pass.
std::size_t together(std::span<const Window> windows, std::size_t first) {
  std::int64_t tokens = 0;
  std::size_t last = first;
  while (last < windows.size() && (last == first || tokens + windows[last].length() <= kPassTokens))
    tokens += windows[last++].length();
  return last - first;
}

void check_tokens(std::span<const std::int32_t> tokens, const ModelConfig& config) {
  if (tokens.empty()) fail(ErrorCode::invalid_option, "there is no token to score");
  for (std::size_t i = 0; i < tokens.size(); ++i)
    if (tokens[i] < 0 || tokens[i] >= config.vocabulary)
      fail(ErrorCode::mismatch, "token {} is {}, outside the model's vocabulary of {}", i + 1, tokens[i],
           config.vocabulary);
}

class Scorer {
 public:
  explicit Scorer(const Decoder& decoder) : decoder_(decoder), projection_(decoder.output_projection()) {}

  void pass(std::span<const std::int32_t> tokens, std::span<const Window> windows, CacheType type,
            std::vector<float>& out) {
    Batch batch;
    for (const Window& w : windows) {
      const auto part = tokens.subspan(static_cast<std::size_t>(w.begin), static_cast<std::size_t>(w.end - w.begin));
      batch.add({{part.begin(), part.end()}, {}});
    }
    Tape tape(arena_, false);
    std::optional<KvCache> cache;
    if (type != CacheType::float32)
      cache.emplace(decoder_.config(), batch.sequences(), decoder_.config().context, type);
    const Hidden hidden = decoder_.forward(tape, batch, StateRows::every, cache ? &*cache : nullptr);
    std::vector<std::int32_t> targets(batch.tokens.size(), -1);  // the state before a token predicts it
    const auto row_before = [&](std::size_t i, std::int64_t token) {
      return static_cast<std::size_t>(batch.offsets[i] - windows[i].begin + token - 1);
    };
    for (std::size_t i = 0; i < windows.size(); ++i)
      for (std::int64_t token = windows[i].first; token < windows[i].end; ++token)
        targets[row_before(i, token)] = tokens[static_cast<std::size_t>(token)];
    const std::vector<float> scores = projected_log_probabilities(hidden.states, projection_, targets);
    for (std::size_t i = 0; i < windows.size(); ++i)
      for (std::int64_t token = windows[i].first; token < windows[i].end; ++token)
        out[static_cast<std::size_t>(token - 1)] = scores[row_before(i, token)];
  }

  std::vector<float> next(std::span<const std::int32_t> tokens) {
    Batch batch;
    batch.add({{tokens.begin(), tokens.end()}, {}});
    Tape tape(arena_, false);
    const Variable logits = linear(decoder_.forward(tape, batch, StateRows::last).states, projection_);
    std::vector<float> out(logits.value().values().begin(), logits.value().values().end());
    const kernels::LogSum sum = kernels::log_sum_exp(logits.columns(), out.data());
    for (float& value : out) value = (value - sum.top) - sum.log_sum;
    return out;
  }

 private:
  const Decoder& decoder_;
  Parameter& projection_;
  Arena arena_;
};

}  // namespace

std::vector<float> score(const Decoder& decoder, std::span<const std::int32_t> tokens, const ScoreOptions& options,
                         Threads& threads, const std::function<bool(std::size_t)>& progress) {
  const ModelConfig& config = decoder.config();
  check_tokens(tokens, config);
  const auto windows = windows_of(static_cast<std::int64_t>(tokens.size()), options, config);
  std::vector<float> out(tokens.size() - 1);
  Scorer scorer(decoder);
  for (std::size_t first = 0, last = 0; first < windows.size(); first = last) {
    last = first + together(windows, first);
    threads.run([&] { scorer.pass(tokens, std::span(windows).subspan(first, last - first), options.cache_type, out); });
    const auto scored = static_cast<std::size_t>(windows[last - 1].end - 1);
    if (!progress || progress(scored)) continue;
    out.resize(scored);
    break;
  }
  return out;
}

std::int64_t scoring_bytes(const ModelConfig& config, std::int64_t tokens, const ScoreOptions& options, int threads) {
  const auto windows = windows_of(tokens, options, config);
  if (windows.empty()) return 0;
  PassMemory pass;
  pass.longest = windows.front().length();
  for (const Window& window : std::span(windows).first(together(windows, 0))) pass.tokens += window.length();
  pass.threads = threads;
  pass.next_tokens = true;
  const bool cached = options.cache_type != CacheType::float32;
  return forward_pass_bytes(config, pass) +
         (cached ? pass.tokens * KvCache::token_bytes(config, options.cache_type) : 0);
}

std::vector<float> next_token(const Decoder& decoder, std::span<const std::int32_t> tokens, Threads& threads) {
  const ModelConfig& config = decoder.config();
  check_tokens(tokens, config);
  if (static_cast<std::int64_t>(tokens.size()) > config.context)
    fail(ErrorCode::invalid_option, "{} tokens are more than the model's context of {}", tokens.size(), config.context);
  std::vector<float> out;
  threads.run([&] { out = Scorer(decoder).next(tokens); });
  return out;
}

}  // namespace gpt

// How fast whole training steps are, beside the machine's own matrix peak measured in the same run.
//   train_speed [--threads N] [--steps N] [--work classify|language-model|lora] [--bf16 1] [--model GGUF_OR_FOLDER]
// Without a model a GPT-2-small-shaped network. classify: 2 labels, 32 sequences of 32 tokens, everything trained;
// language-model: 4 sequences of 256 tokens, everything trained; lora: rank 8 on all projections, 16 sequences of 30
// tokens. No dropout.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

#include "gpt/core/error.h"
#include "gpt/head/language_model_head.h"
#include "gpt/model/decoder.h"
#include "gpt/model/lora.h"
#include "gpt/ops/linear.h"
#include "gpt/ops/pool.h"
#include "gpt/tensor/gemm.h"
#include "gpt/tensor/parallel.h"
#include "gpt/train/trainer.h"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class LabelHead final : public gpt::Head {
 public:
  explicit LabelHead(std::int64_t hidden)
      : weight_(parameter("score.weight", gpt::Shape::matrix(2, hidden), 0.02F, random_)) {}
  gpt::Variable forward(const gpt::Hidden& hidden, const gpt::Batch& batch) override {
    return gpt::linear(gpt::pool_last(hidden.states, batch), weight_);
  }

 private:
  gpt::Random random_{1};
  gpt::Parameter& weight_;
};

/// The best of several products of the shapes a step is made of, in GFLOP/s.
template <typename Element, typename Multiply>
double matrix_peak(gpt::Threads& threads, const Multiply& multiply) {
  double best = 0;
  threads.run([&] {
    for (const auto& [m, n, k] :
         {std::array<std::int64_t, 3>{1024, 768, 3072}, {1024, 3072, 768}, {2048, 2048, 2048}}) {
      const std::vector<Element> a(static_cast<std::size_t>(m * k)), b(static_cast<std::size_t>(k * n));
      std::vector<float> c(static_cast<std::size_t>(m * n));
      for (int round = 0; round < 5; ++round) {
        const Clock::time_point start = Clock::now();
        for (int i = 0; i < 10; ++i) multiply(m, n, k, a.data(), b.data(), c.data());
        best = std::max(best, 10.0 * 2.0 * static_cast<double>(m * n * k) / seconds_since(start) / 1e9);
      }
    }
  });
  return best;
}

double f32_peak(gpt::Threads& threads) {
  return matrix_peak<float>(
      threads, [](std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c) {
        gpt::gemm(m, n, k, 1.0F, {a, k, false}, {b, n, false}, 0.0F, c, n);
      });
}

double bf16_peak(gpt::Threads& threads) {
  return matrix_peak<std::uint16_t>(threads, [](std::int64_t m, std::int64_t n, std::int64_t k, const std::uint16_t* a,
                                                const std::uint16_t* b, float* c) {
    gpt::gemm(m, n, k, {a, k}, {b, n}, 0.0F, c, n);
  });
}

std::vector<gpt::Example> examples(std::int64_t count, std::int64_t length, std::int64_t vocabulary) {
  std::vector<gpt::Example> all(static_cast<std::size_t>(count));
  gpt::Random random(7);
  for (gpt::Example& e : all) {
    for (std::int64_t i = 0; i < length; ++i)
      e.tokens.push_back(static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(vocabulary))));
    e.target.label = static_cast<std::int32_t>(random.below(2));
  }
  return all;
}

gpt::ModelConfig gpt2_small() {
  gpt::ModelConfig c;
  c.family = "gpt2";
  c.vocabulary = 50257;
  c.hidden = 768;
  c.layers = c.heads = c.kv_heads = 12;
  c.head_size = 64;
  c.intermediate = 3072;
  c.context = 1024;
  c.learned_positions = c.tied_embeddings = true;
  return c;
}

/// Weights of the blocks' matrices.
double block_weights(const gpt::ModelConfig& c) {
  const double attention =
      static_cast<double>(c.hidden * c.head_size) * static_cast<double>(2 * c.heads + 2 * c.kv_heads);
  const double mlp = static_cast<double>(c.hidden * c.intermediate) * (c.mlp == gpt::MlpKind::silu_gated ? 3.0 : 2.0);
  return static_cast<double>(c.layers) * (attention + mlp);
}

struct Work {
  std::string_view name;
  std::int64_t batch, length;
  bool language_model, lora;
};
constexpr Work kWorks[] = {
    {"classify", 32, 32, false, false}, {"language-model", 4, 256, true, false}, {"lora", 16, 30, false, true}};

int run(int thread_count, std::int64_t steps, const Work& work, bool bf16, const std::string& path) {
  gpt::Threads threads(thread_count);
  std::unique_ptr<gpt::Decoder> decoder;
  threads.run([&] { decoder = path.empty() ? gpt::Decoder::create(gpt2_small(), 1) : gpt::Decoder::load(path); });
  if (work.lora) {
    decoder->add_lora({8, 16, 0, {}}, 1);
  } else {
    decoder->set_trainable(true);
  }
  bool has_bf16 = false;
  if (bf16) threads.run([&] { has_bf16 = decoder->set_precision(gpt::Precision::bfloat16); });
  const double peak = has_bf16 ? bf16_peak(threads) : f32_peak(threads);
  const gpt::ModelConfig& c = decoder->config();
  LabelHead label_head(c.hidden);
  gpt::LanguageModelHead language_model_head(decoder->output_projection());
  gpt::TrainOptions options;
  options.batch_size = work.batch;
  options.max_steps = steps + 2;
  const std::vector<gpt::Example> data = examples(work.batch * options.max_steps, work.length, c.vocabulary);
  std::vector<double> times;
  Clock::time_point last = Clock::now();
  gpt::TrainHooks hooks;
  hooks.stepped = [&](const gpt::StepRecord&) {
    times.push_back(seconds_since(last));
    last = Clock::now();
  };
  gpt::Head& head = work.language_model ? static_cast<gpt::Head&>(language_model_head) : label_head;
  const gpt::TrainResult result = gpt::train(*decoder, head, data, options, threads, {}, {}, hooks);
  times.erase(times.begin(), times.begin() + 2);  // the arena is sized by the first steps
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2], tokens = static_cast<double>(work.batch * work.length);
  const double attention = 2.0 * static_cast<double>(c.layers * c.heads * c.head_size *
                                                     work.length);  // multiply-adds a token, half of 2 products
  const double projection = work.language_model ? static_cast<double>(c.hidden * c.vocabulary) : 0.0;
  const double count = (work.lora ? 4.0 : 6.0) * tokens * (block_weights(c) + projection + attention / 2.0);
  std::printf(
      "threads %d, %s, %s, %lld steps: median %.3f s a step, %.0f tokens/s, %.0f GFLOP/s of %.0f peak: %.1f %%, "
      "activations %.0f MiB\n",
      thread_count, std::string(work.name).c_str(), has_bf16 ? "bf16" : "f32", static_cast<long long>(steps), median,
      tokens / median, count / median / 1e9, peak, 100.0 * count / median / 1e9 / peak,
      static_cast<double>(result.activation_bytes) / 1048576.0);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  int threads = 2;
  std::int64_t steps = 8;
  bool bf16 = false;
  const Work* work = kWorks;
  std::string model;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i], value = argv[i + 1];
    if (flag == "--threads") std::from_chars(value.data(), value.data() + value.size(), threads);
    if (flag == "--steps") std::from_chars(value.data(), value.data() + value.size(), steps);
    if (flag == "--model") model = value;
    if (flag == "--bf16") bf16 = value == "1";
    for (const Work& candidate : kWorks)
      if (flag == "--work" && value == candidate.name) work = &candidate;
  }
  try {
    return run(threads, steps, *work, bf16, model);
  } catch (const gpt::Error& error) {
    std::fprintf(stderr, "train_speed: %s\n", error.what());
    return 1;
  }
}

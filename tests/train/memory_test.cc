// The formula of a step's memory against what the arena held.
#include "gpt/model/memory.h"

#include <algorithm>

#include "gpt/tensor/gemm.h"
#include "support/catch.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

constexpr std::int64_t kByThread = std::int64_t{3} << 20;

ModelConfig larger(ModelConfig config) {
  config.hidden = 128;
  config.heads = 4;
  config.head_size = 32;
  config.kv_heads = config.kv_heads == 2 ? 2 : 4;
  config.intermediate = 352;
  config.vocabulary = 3000;
  config.context = 512;
  config.layers = 4;
  config.rotated = std::min<std::int64_t>(config.rotated, 16);
  return config;
}

std::vector<Example> examples_of(std::int64_t count, std::int64_t length) {
  Random random(3);
  std::vector<Example> all(static_cast<std::size_t>(count));
  for (Example& example : all) {
    for (std::int64_t i = 0; i < length; ++i) example.tokens.push_back(static_cast<std::int32_t>(random.below(3000)));
    example.target.label = 0;
  }
  return all;
}

/// What the arena held at most in one step.
double held(const ModelConfig& config, const PassMemory& pass, bool next_tokens) {
  Threads threads(pass.threads);
  Model m{Decoder::create(config, 1), nullptr};
  if (pass.all_weights) {
    m.decoder->set_trainable(true);
  } else {
    m.decoder->add_lora({pass.lora_rank, 8, pass.lora_dropout ? 0.1 : 0.0, {}}, 3);
  }
  if (next_tokens) {
    m.head = std::make_unique<LanguageModelHead>(m.decoder->output_projection());
  } else {
    m.head = std::make_unique<TinyHead>(config.hidden);
  }
  if (pass.bf16) threads.run([&] { m.decoder->set_precision(Precision::bfloat16); });
  m.decoder->set_gradient_checkpointing(pass.checkpointing);
  TrainOptions options = tiny_options(1);
  options.batch_size = pass.tokens / pass.longest;
  options.max_activation_tokens = 0;
  const auto examples = examples_of(options.batch_size, pass.longest);
  return static_cast<double>(train(m, examples, options, threads).activation_bytes);
}

}  // namespace

TEST_CASE("memory: the formula of a training pass, for every family and way to train") {
  for (const ModelConfig& tiny : tiny_configs()) {
    const ModelConfig config = larger(tiny);
    for (const bool all : {true, false})
      for (const bool next_tokens : {true, false})
        for (const bool bf16 : {false, true}) {
          if (bf16 && !hardware_bf16()) continue;
          for (const bool checkpointing : {false, true}) {
            PassMemory pass;
            pass.tokens = 1024;
            pass.longest = 256;
            pass.threads = 2;
            pass.bf16 = bf16;
            pass.all_weights = all;
            pass.lora_rank = all ? 0 : 8;
            pass.lora_dropout = !all && checkpointing;
            pass.next_tokens = next_tokens;
            pass.dropout = config.residual_dropout > 0;
            pass.checkpointing = checkpointing;
            const double by_threads = static_cast<double>(
                2 *
                ((2 * config.head_size + 192) * pass.longest * static_cast<std::int64_t>(sizeof(float)) + kByThread));
            const double formula = static_cast<double>(training_pass_bytes(config, pass)) - by_threads;
            const double measured = held(config, pass, next_tokens);
            INFO(config.family << (config.parallel_residual ? ", parallel" : "") << ", all weights " << all
                               << ", next tokens " << next_tokens << ", bfloat16 " << bf16 << ", checkpointing "
                               << checkpointing << ": " << formula / 1e6 << " MB by formula, " << measured / 1e6);
            CHECK(formula / measured > 0.92);
            CHECK(formula / measured < 1.12);
          }
        }
  }
}

TEST_CASE("memory: weights as they are held") {
  for (const ModelConfig& config : tiny_configs()) {
    const auto decoder = Decoder::create(config, 1);
    std::int64_t all = 0;
    for (const Parameter* p : decoder->parameters()) all += p->value.size();
    const std::int64_t whole = all * static_cast<std::int64_t>(sizeof(float));
    CHECK(decoder->weight_bytes() == whole);
    if (decoder->set_precision(Precision::bfloat16)) {
      CHECK(decoder->weight_bytes() > whole);
      CHECK(decoder->weight_bytes() <= whole + whole / 2);
    }
    const auto small = Decoder::create(config, 1);
    small->set_precision(Precision::int8);
    CHECK(small->weight_bytes() < whole);
  }
}

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

/// What the arena held at most in one step, and in `pass` the gradients.
double held(const ModelConfig& config, PassMemory& pass) {
  Threads threads(pass.threads);
  Model m{Decoder::create(config, 1), nullptr};
  if (pass.all_weights) {
    m.decoder->set_trainable(true);
  } else {
    m.decoder->add_lora({pass.lora_rank, 8, pass.lora_dropout ? 0.1 : 0.0, {}}, 3);
  }
  if (pass.next_tokens) {
    m.head = std::make_unique<LanguageModelHead>(m.decoder->output_projection());
  } else {
    m.head = std::make_unique<TinyHead>(config.hidden);
  }
  if (pass.bf16) threads.run([&] { m.decoder->set_precision(Precision::bfloat16); });
  m.decoder->set_gradient_checkpointing(pass.checkpointing);
  for (const auto& parameters : {m.decoder->parameters(), m.head->parameters()})
    for (const Parameter* p : parameters) pass.gradients += p->trainable ? p->value.size() : 0;
  TrainOptions options = tiny_options(1);
  options.batch_size = pass.tokens / pass.longest;
  options.accumulation = pass.several ? 2 : 1;
  options.max_activation_tokens = 0;
  pass.rows = m.head->state_rows();
  const auto examples = examples_of(options.batch_size * options.accumulation, pass.longest);
  return static_cast<double>(train(m, examples, options, threads).activation_bytes);
}

void check_formula(const ModelConfig& config, PassMemory pass) {
  pass.lora_rank = pass.all_weights ? 0 : 8;
  pass.lora_dropout = !pass.all_weights && pass.checkpointing;
  pass.dropout = config.residual_dropout > 0;
  const double measured = held(config, pass);
  const auto by_threads = static_cast<double>(
      2 * ((2 * config.head_size + 192) * pass.longest * static_cast<std::int64_t>(sizeof(float)) + kByThread));
  const double formula = static_cast<double>(training_pass_bytes(config, pass)) - by_threads;
  INFO(config.family << (config.parallel_residual ? ", parallel" : "") << ", all weights " << pass.all_weights
                     << ", next tokens " << pass.next_tokens << ", bfloat16 " << pass.bf16 << ", checkpointing "
                     << pass.checkpointing << ", several " << pass.several << ": " << formula / 1e6
                     << " MB by formula, " << measured / 1e6);
  CHECK(formula / measured > 0.92);
  CHECK(formula / measured < 1.12);
}

}  // namespace

TEST_CASE("memory: the formula of a training pass, for every family and way to train") {
  for (const ModelConfig& tiny : tiny_configs())
    for (int ways = 0; ways < 32; ++ways) {
      const auto way = [&](int bit) { return (ways >> bit & 1) != 0; };
      PassMemory pass;
      pass.tokens = 1024;
      pass.longest = 256;
      pass.threads = 2;
      pass.all_weights = way(0);
      pass.next_tokens = way(1);
      pass.bf16 = way(2);
      pass.checkpointing = way(3);
      pass.several = way(4);
      if (pass.bf16 && !hardware_bf16()) continue;
      check_formula(larger(tiny), pass);
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

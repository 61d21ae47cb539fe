// What the measurements count, against counts by hand.
#include "gptask/toolkit/benchmark.h"

#include "gpt/core/error.h"
#include "support/catch.h"

using namespace gptask;

namespace {

std::unique_ptr<gpt::Decoder> decoder(std::int64_t window = 0) {
  gpt::ModelConfig c;
  c.family = "llama";
  c.vocabulary = 100;
  c.hidden = 64;
  c.layers = 3;
  c.heads = 4;
  c.kv_heads = 2;
  c.head_size = 16;
  c.intermediate = 96;
  c.context = 64;
  c.norm = gpt::NormKind::rms_norm;
  c.mlp = gpt::MlpKind::silu_gated;
  c.rope_theta = 10000.0;
  c.tied_embeddings = true;
  c.window = window;
  return gpt::Decoder::create(c, 1);
}

// Query, key, value and output; gate, up and down.
constexpr double kBlocks = 3 * (64 * 64 + 2 * 64 * 32 + 64 * 64 + 3 * 64 * 96);
constexpr double kOutput = 100 * 64;
constexpr double kLength = 9;
// The last block's output map and feed-forward part meet one token of a sequence alone, where an answer is read there.
constexpr double kRead = kBlocks - (64 * 64 + 3 * 64 * 96) * (1 - 1 / kLength);

}  // namespace

TEST_CASE("operations of a token", "[tasks]") {
  const auto model = decoder();
  TrainingWork work;
  work.length = static_cast<std::int64_t>(kLength);
  // Scores and mixtures: 2 x 64 multiplications for each of 3 layers and of 5 keys (the mean of 1 ... 9).
  const double attention = 3 * 2 * 64 * 5;
  CHECK(operations_per_token(*model, work, true) == 6 * (kBlocks + kOutput) + 6 * attention);
  CHECK(operations_per_token(*model, work, false) == 2 * (kBlocks + kOutput) + 2 * attention);
  work.language_model = false;
  CHECK(operations_per_token(*model, work, true) == Approx(6 * kRead + 6 * attention));
  work.tuning = Tuning::lora;
  CHECK(operations_per_token(*model, work, true) == Approx(4 * kRead + 6 * attention));
  work.tuning = Tuning::head;
  CHECK(operations_per_token(*model, work, true) == Approx(2 * kRead + 2 * attention));
  // A window of 3: 1, 2 and then seven times 3 keys.
  CHECK(operations_per_token(*decoder(3), work, true) == Approx(2 * kRead + 2 * 3 * 2 * 64 * (24.0 / 9)));
}

TEST_CASE("bytes that decoding reads", "[tasks]") {
  gpt::Threads threads(2);
  const auto bytes = [&](gpt::Precision precision) {
    const auto model = decoder();
    threads.run([&] { model->set_precision(precision); });
    CHECK(static_cast<double>(model->product_weights().blocks) == kBlocks);
    CHECK(static_cast<double>(model->product_weights().output) == kOutput);
    return static_cast<double>(model->product_weights().bytes);
  };
  CHECK(bytes(gpt::Precision::float32) == 4 * (kBlocks + kOutput));
  const double int8 = bytes(gpt::Precision::int8), int4 = bytes(gpt::Precision::int4);
  CHECK(int8 > kBlocks + kOutput);
  CHECK(int8 < 1.3 * (kBlocks + kOutput));  // scales of blocks of 32
  CHECK(int4 > kBlocks / 2 + kOutput);
  CHECK(int4 < 0.8 * int8);
}

TEST_CASE("a head is no part of a language model that trains", "[tasks]") {
  gpt::Threads threads(2);
  const auto model = decoder();
  TrainingWork work;
  work.tuning = Tuning::head;
  CHECK_THROWS_AS(measure_training(*model, work, threads), gpt::Error);
}

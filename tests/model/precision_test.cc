// Models held in fewer bits.
#include "gpt/head/language_model_head.h"
#include "gpt/model/decoder.h"
#include "gpt/tensor/gemm.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

std::vector<float> states(const Decoder& decoder, std::int64_t tokens) {
  Arena arena(std::size_t{1} << 30);
  Tape tape(arena, false);
  Batch batch;
  Example example;
  for (std::int64_t i = 0; i < tokens; ++i) example.tokens.push_back(static_cast<std::int32_t>((7 * i + 3) % 120));
  batch.add(example);
  const Tensor out = decoder.forward(tape, batch).states.value();
  return {out.values().begin(), out.values().end()};
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    error += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    size += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::sqrt(error / size);
}

}  // namespace

TEST_CASE("precision: hidden states stay close, the closer the more bits") {
  for (const ModelConfig& config : {tiny_gpt2(), tiny_llama()}) {  // transposed weights with biases, and gated ones
    INFO(config.family);
    const auto exact = Decoder::create(config, 3);
    const std::vector<float> expected = states(*exact, 20);
    double before = 0;
    for (const Precision precision : {Precision::float32, Precision::bfloat16, Precision::int8, Precision::int4}) {
      const auto decoder = Decoder::create(config, 3);
      if (!decoder->set_precision(precision)) continue;
      const double found = distance(states(*decoder, 20), expected);
      INFO("precision " << static_cast<int>(precision) << ": " << found);
      CHECK(found >= before);
      CHECK(found <= (precision == Precision::int4 ? 0.2 : 0.02));
      CHECK((found > 0) == (precision != Precision::float32));
      before = found;
    }
  }
}

TEST_CASE("precision: a bfloat16 that the machine lacks changes nothing") {
  if (hardware_bf16()) return;
  const auto exact = Decoder::create(tiny_gpt2(), 3), asked = Decoder::create(tiny_gpt2(), 3);
  CHECK_FALSE(asked->set_precision(Precision::bfloat16));
  CHECK(states(*asked, 9) == states(*exact, 9));
}

TEST_CASE("precision: the same bits for any number of threads") {
  const auto decoder = Decoder::create(tiny_llama(), 3);
  decoder->set_precision(Precision::int4);
  const std::vector<float> expected = states(*decoder, 30);
  for (const int count : {1, 2, 7}) {
    Threads threads(count);
    std::vector<float> found;
    threads.run([&] { found = states(*decoder, 30); });
    CHECK(found == expected);
  }
}

TEST_CASE("precision: nothing trains in few bits") {
  const Model m = gpt2_classifier();
  m.decoder->set_precision(Precision::int8);
  Threads threads(1);
  m.decoder->parameters().front()->set_trainable(true);  // the token embedding: the way to it leads through the blocks
  CHECK_ERROR(train(m, tiny_examples(6), tiny_options(1), threads), "unsupported",
              "is held in few bits: there is no way back through it; load the model in float32");
}

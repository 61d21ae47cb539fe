// The GPT in plain loops against the decoder: logits, loss and every gradient.
#include "model.h"

#include <cmath>

#include "by_libgpt.h"
#include "sentence.h"
#include "support/errors.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

/// The largest difference, in terms of the tensor's largest value.
double relative(const plain::Matrix& expected, const plain::Matrix& actual, bool flip) {
  double worst = 0, largest = 1e-3;
  for (std::size_t r = 0; r < expected.rows; ++r)
    for (std::size_t c = 0; c < expected.columns; ++c) {
      largest = std::max(largest, std::abs(expected(r, c)));
      worst = std::max(worst, std::abs(expected(r, c) - (flip ? actual(c, r) : actual(r, c))));
    }
  return worst / largest;
}

void check(const ModelConfig& config) {
  const auto decoder = Decoder::create(config, 7);
  // Biases and norms as training leaves them: not zero and one.
  Random random(3);
  for (Parameter* p : decoder->parameters())
    for (float& value : p->value.values()) value += 0.1F * random.normal();
  const plain::Model model(*decoder);
  const plain::Tokens tokens{3, 17, 17, 99, 0, 45, 3, 119, 8};
  CHECK(relative(model.forward(tokens).logits, plain::decoder_logits(*decoder, tokens), false) < 1e-5);
  plain::Weights gradients;
  CHECK(model.loss(tokens, &gradients) == Approx(plain::decoder_loss(*decoder, tokens)).epsilon(1e-5));
  for (const Parameter* p : decoder->parameters()) {
    INFO(p->name);
    REQUIRE(gradients.count(p->name) == 1);
    CHECK(relative(gradients.at(p->name), plain::from_tensor(p->grad), model.stored_transposed(p->name)) < 1e-4);
  }
}

}  // namespace

TEST_CASE("guide: the plain GPT-2 is the decoder") {
  ModelConfig config = tiny_gpt2();
  config.embedding_dropout = config.residual_dropout = config.attention_dropout = 0;
  check(config);
}

TEST_CASE("guide: the plain Llama is the decoder, its keys shared or not, its output tied or not") {
  ModelConfig config = tiny_llama();
  config.attention_dropout = 0;
  check(config);
  config.kv_heads = config.heads;
  config.tied_embeddings = true;
  check(config);
}

TEST_CASE("guide: attention weights of a row add up to one and look back only") {
  const auto decoder = Decoder::create(tiny_llama(), 7);
  const plain::Model model(*decoder);
  const plain::Values values = model.forward({5, 6, 7, 8});
  for (const plain::Matrix& weights : model.attention_weights(values, 1))
    for (std::size_t i = 0; i < 4; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < 4; ++j) {
        sum += weights(i, j);
        if (j > i) CHECK(weights(i, j) == 0.0);
      }
      CHECK(sum == Approx(1));
    }
}

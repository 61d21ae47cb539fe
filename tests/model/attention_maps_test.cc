// The attention weights that pictures show are those that attention computes with.
#include "gpt/model/attention_maps.h"

#include <cmath>

#include "gpt/model/decoder.h"
#include "gpt/ops/attention.h"
#include "gpt/tensor/parallel.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

TEST_CASE("attention maps: rows add up to one and look back only") {
  Threads threads(2);
  for (const ModelConfig& config : tiny_configs()) {
    const auto decoder = Decoder::create(config, 3);
    const std::vector<std::int32_t> tokens{5, 9, 100, 5, 7, 33, 2};
    const auto maps = attention_maps(*decoder, tokens, threads);
    REQUIRE(maps.size() == 2);
    for (const Tensor& map : maps) {
      REQUIRE(map.rows() == config.heads * 7);
      REQUIRE(map.columns() == 7);
      for (std::int64_t row = 0; row < map.rows(); ++row) {
        double sum = 0;
        for (std::int64_t column = 0; column < 7; ++column) {
          sum += static_cast<double>(map.row(row)[column]);
          if (column > row % 7) CHECK(map.row(row)[column] == 0.0F);
        }
        CHECK(sum == Approx(1).margin(1e-5));
      }
    }
    CHECK_ERROR(attention_maps(*decoder, {}, threads), "invalid_option", "attention is shown of 1 to 40 tokens");
  }
}

TEST_CASE("weights times values is what attention gives") {
  Arena arena;
  Tape tape(arena, false);
  Batch batch;
  batch.add({{1, 2, 3, 4, 5}, {}});
  const RopeTable rope = make_rope(8, 6, 10000);
  const AttentionShape shape{4, 2, 6, &rope};
  const std::int64_t width = (4 + 2 * 2) * 6;
  Tensor values = Tensor::zeros(Shape::matrix(5, width));
  for (std::int64_t i = 0; i < values.size(); ++i) values.data()[i] = std::sin(static_cast<float>(i * i % 97));
  const Variable qkv = tape.variable(values, false);
  const Variable expected = attention(qkv, batch, shape);  // rotates queries and keys in place
  const Tensor weights = attention_weights(qkv, batch, shape);
  for (std::int64_t token = 0; token < 5; ++token)
    for (std::int64_t head = 0; head < 4; ++head)
      for (std::int64_t i = 0; i < 6; ++i) {
        float sum = 0;
        for (std::int64_t seen = 0; seen < 5; ++seen)
          sum += weights.row(head * 5 + token)[seen] * qkv.value().row(seen)[(4 + 2 + head / 2) * 6 + i];
        CHECK(expected.value().row(token)[head * 6 + i] == Approx(sum).margin(1e-5));
      }
}

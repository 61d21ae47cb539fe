// From a row a token to a row a sequence.
#include "gpt/ops/pool.h"

#include "ops/gradient.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

TEST_CASE("pools: values and gradients") {
  constexpr int lengths[] = {3, 1, 17, 2};
  const Batch batch = make_batch(lengths);
  for (const bool last : {true, false}) {
    INFO("last " << last);
    GradientCheck check;
    check.inputs = {random_tensor(Shape::matrix(23, 5), 1)};
    check.operation = [&](Tape&, const std::vector<Variable>& in) {
      return std::vector<Variable>{last ? pool_last(in[0], batch) : mean_pool(in[0], batch)};
    };
    check.elements = 115;
    std::vector<double> expected;
    for (std::int32_t s = 0; s < 4; ++s)
      for (std::int64_t i = 0; i < 5; ++i) {
        double sum = 0;
        const std::int64_t end = batch.offsets[static_cast<std::size_t>(s) + 1],
                           first = last ? end - 1 : end - batch.length(s);
        for (std::int64_t t = first; t < end; ++t)
          sum += static_cast<double>(check.inputs[0].row(t)[i]) / static_cast<double>(end - first);
        expected.push_back(sum);
      }
    const Tensor y = outputs_of(check.operation, check.inputs, true).front();
    CHECK(y.shape() == Shape::matrix(4, 5));
    CHECK(difference(y, expected) <= 5e-7);
    CHECK(equal(y, outputs_of(check.operation, check.inputs, false).front()));
    check.run();
  }
}

TEST_CASE("pools: rows that are not the batch's tokens, and a sequence without any") {
  Arena arena(1 << 24);
  Tape tape(arena, true);
  constexpr int lengths[] = {3, 1};
  Batch batch = make_batch(lengths);
  const Variable x = tape.variable(Tensor::zeros(Shape::matrix(5, 2)), true),
                 fits = tape.variable(Tensor::zeros(Shape::matrix(4, 2)), true);
  CHECK_ERROR(pool_last(x, batch), "mismatch", "5 rows for a batch of 4 tokens in 2 sequences");
  CHECK_ERROR(mean_pool(x, batch), "mismatch", "5 rows for a batch of 4 tokens in 2 sequences");
  CHECK(pool_last(pool_last(fits, batch), batch).rows() == 2);  // pooled already
  batch.add({});
  CHECK_ERROR(pool_last(fits, batch), "mismatch", "sequence 2 of a batch has no token");
}

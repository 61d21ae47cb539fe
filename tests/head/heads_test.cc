// Heads that tasks share: what they output, which weights they declare, what their losses count.
#include <array>

#include "gpt/head/sequence_head.h"
#include "gpt/head/span_head.h"
#include "ops/gradient.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

namespace {

constexpr std::array kLengths{3, 1, 4};

/// Head and loss on given states, with finite differences of the states and all weights.
void check_gradients(Head& head, const Batch& batch, float scale) {
  for (Parameter* p : head.parameters()) p->value = random_tensor(p->value.shape(), 4);
  GradientCheck check;
  check.inputs = {random_tensor(Shape::matrix(batch.token_count(), 6), 1)};
  check.parameters = head.parameters();
  check.operation = [&](Tape&, const std::vector<Variable>& in) {
    return std::vector<Variable>{head.loss(head.forward({in[0]}, batch), batch, scale)};
  };
  check.is_loss = true;
  check.run();
}

double loss_of(Head& head, const Batch& batch, const std::vector<float>& outputs) {
  Arena arena(1 << 20);
  Tape tape(arena, false);
  const auto rows = head.per_token() ? batch.token_count() : batch.sequences();
  const Tensor values = tape.empty(rows, static_cast<std::int64_t>(outputs.size()) / rows);
  std::copy(outputs.begin(), outputs.end(), values.data());
  return static_cast<double>(head.loss(tape.variable(values, false), batch, 1.0F).value().data()[0]);
}

}  // namespace

TEST_CASE("sequence head: its weights, as Transformers names them") {
  Random random(1);
  SequenceHead plain(6, 3, 0.02F, random),
      named(6, 2, 0.02F, random, {SequenceLoss::squared_error, true, "quality", {}, 0});
  REQUIRE(plain.parameters().size() == 1);
  CHECK(plain.parameters()[0]->name == "score.weight");
  CHECK(plain.parameters()[0]->value.shape() == Shape::matrix(3, 6));
  REQUIRE(named.parameters().size() == 2);
  CHECK(named.parameters()[1]->name == "quality.bias");
  CHECK(named.parameters()[1]->value.shape() == Shape::vector(2));
  CHECK(named.parameters()[1]->value.data()[0] == 0.0F);
  CHECK_FALSE(plain.per_token());
}

TEST_CASE("sequence head: classes") {
  Random random(1);
  Batch batch = make_batch(kLengths);
  batch.targets[0].label = 2;
  batch.targets[2].label = 0;
  SequenceHead head(6, 3, 0.02F, random, {SequenceLoss::cross_entropy, true, "score", {}, 0});
  CHECK(head.loss_terms(batch) == 2);
  CHECK(head.loss_divisor(batch) == 2);
  CHECK(loss_of(head, batch, std::vector<float>(9)) == Approx(2 * std::log(3.0)));
  check_gradients(head, batch, 0.5F);

  SequenceHead weighted(6, 3, 0.02F, random, {SequenceLoss::cross_entropy, false, "score", {4, 1, 0.5F}, 0.1F});
  CHECK(weighted.loss_terms(batch) == 2);
  CHECK(weighted.loss_divisor(batch) == 4.5);
  // Equal logits: each class costs log 3, a row 0.9 w[label] + 0.1 / 3 of all weights.
  CHECK(loss_of(weighted, batch, std::vector<float>(9)) == Approx(std::log(3.0) * (0.9 * 4.5 + 2 * 0.1 / 3 * 5.5)));
  check_gradients(weighted, batch, 1 / 4.5F);
}

TEST_CASE("sequence head: several labels at once, and numbers") {
  Random random(1);
  Batch batch = make_batch(kLengths);
  batch.targets[0].values = {1, 0};
  batch.targets[2].values = {0, 0};
  SequenceHead several(6, 2, 0.02F, random, {SequenceLoss::binary_cross_entropy, false, "score", {}, 0});
  CHECK(several.loss_terms(batch) == 2);
  CHECK(several.loss_divisor(batch) == 2);
  CHECK(loss_of(several, batch, std::vector<float>(6)) == Approx(2 * std::log(2.0)));  // means over labels
  check_gradients(several, batch, 0.5F);

  SequenceHead numbers(6, 2, 0.02F, random, {SequenceLoss::squared_error, false, "score", {}, 0});
  CHECK(loss_of(numbers, batch, {3, 0, 7, 7, 0, 1}) == Approx((4.0 + 1.0) / 2));
  check_gradients(numbers, batch, 0.5F);

  batch.targets[1].values = {1, 0, 0};
  CHECK_ERROR(loss_of(several, batch, std::vector<float>(6)), "mismatch",
              "example 1 of a batch has 3 target values, the head 2 outputs");
}

TEST_CASE("span head") {
  Random random(1);
  Batch batch = make_batch(kLengths);
  batch.targets[0].first = 1;
  batch.targets[0].last = 2;
  batch.targets[2].first = batch.targets[2].last = 3;
  SpanHead head(6, 0.02F, random);
  CHECK(head.per_token());
  REQUIRE(head.parameters().size() == 2);
  CHECK(head.parameters()[0]->name == "qa_outputs.weight");
  CHECK(head.parameters()[0]->value.shape() == Shape::matrix(2, 6));
  CHECK(head.parameters()[1]->name == "qa_outputs.bias");
  CHECK(head.loss_terms(batch) == 2);
  CHECK(loss_of(head, batch, std::vector<float>(16)) == Approx(std::log(3.0) + std::log(4.0)));
  check_gradients(head, batch, 0.5F);
  batch.targets[1].first = batch.targets[1].last = 1;
  CHECK_ERROR(loss_of(head, batch, std::vector<float>(16)), "mismatch",
              "the span from token 1 to token 1 does not lie in sequence 1 of 1 tokens");
}

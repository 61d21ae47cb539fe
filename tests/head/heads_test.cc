// Heads that tasks share: what they output, which weights they declare, what their losses count.
#include <array>

#include "gpt/head/choice_head.h"
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

namespace {

/// One example of three sequences of 2, 1 and 3 tokens, one of two.
Batch choices() {
  Batch batch;
  Example first, second;
  first.tokens = {1, 2, 3, 4, 5, 6};
  first.starts = {2, 3};
  first.target.label = 2;
  second.tokens = {7, 8, 7, 9};
  second.starts = {2};
  second.target.label = 0;
  second.target.loss_from = 1;
  batch.add(first);
  batch.add(second);
  return batch;
}

}  // namespace

TEST_CASE("choice head: a score from the last token of each sequence, compared within the example") {
  Random random(1);
  ChoiceHead head(6, 3, 0.02F, random);
  REQUIRE(head.parameters().size() == 1);
  CHECK(head.parameters()[0]->name == "classifier.weight");
  CHECK(head.parameters()[0]->value.shape() == Shape::matrix(1, 6));
  CHECK_FALSE(head.per_token());
  const Batch batch = choices();
  CHECK(head.loss_terms(batch) == 2);

  Arena arena(1 << 20);
  Tape tape(arena, false);
  const Tensor states = random_tensor(Shape::matrix(10, 6), 3);
  const Tensor scores = head.forward({tape.variable(states.clone(), false)}, batch).value().clone();
  REQUIRE(scores.shape() == Shape::matrix(2, 3));
  const float* const weight = head.parameters()[0]->value.data();
  const std::array<std::int64_t, 5> last{1, 2, 5, 7, 9};
  for (std::size_t i = 0; i < last.size(); ++i) {
    float expected = 0;
    for (int j = 0; j < 6; ++j) expected += weight[j] * states.row(last[i])[j];
    CHECK(scores.data()[i] == Approx(expected).margin(1e-6));
  }
  CHECK(scores.data()[5] == -1e30F);
  check_gradients(head, batch, 0.5F);

  ChoiceHead narrow(6, 2, 0.02F, random);
  CHECK_ERROR(narrow.forward({tape.variable(states.clone(), false)}, batch), "mismatch",
              "example 0 of a batch has 3 sequences, 2 at most are compared");
}

TEST_CASE("likelihood head: the log-probabilities of each sequence's scored tokens, summed") {
  Parameter projection = make_parameter("lm_head.weight", Shape::matrix(10, 6), 5);
  LikelihoodHead head(projection, 3);
  CHECK(head.parameters().empty());
  const Batch batch = choices();
  Arena arena(1 << 20);
  Tape tape(arena, false);
  const Tensor states = random_tensor(Shape::matrix(10, 6), 3);
  const Tensor scores = head.forward({tape.variable(states.clone(), false)}, batch).value().clone();
  REQUIRE(scores.shape() == Shape::matrix(2, 3));
  const auto log_probability = [&](std::int64_t row, std::int32_t token) {
    std::array<double, 10> logits{};
    double sum = 0;
    for (std::int64_t v = 0; v < 10; ++v) {
      for (int j = 0; j < 6; ++j)
        logits[static_cast<std::size_t>(v)] +=
            static_cast<double>(projection.value.row(v)[j]) * static_cast<double>(states.row(row)[j]);
      sum += std::exp(logits[static_cast<std::size_t>(v)]);
    }
    return logits[static_cast<std::size_t>(token)] - std::log(sum);
  };
  CHECK(scores.row(0)[0] == Approx(log_probability(0, 2)));
  CHECK(scores.row(0)[1] == 0.0F);  // one token: nothing is predicted
  CHECK(scores.row(0)[2] == Approx(log_probability(3, 5) + log_probability(4, 6)));
  CHECK(scores.row(1)[0] == Approx(log_probability(6, 8)));
  CHECK(scores.row(1)[1] == Approx(log_probability(8, 9)));
  CHECK(scores.row(1)[2] == -1e30F);
}

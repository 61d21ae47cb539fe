// Causal attention of packed sequences.
#include "gpt/ops/attention.h"

#include "gpt/tensor/parallel.h"
#include "ops/gradient.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

namespace {

/// One block of queries, its edge, and more than two.
constexpr int kLengths[] = {1, 64, 65, 130};

struct Heads {
  std::int64_t heads, kv_heads, size;
  std::int64_t rotated = 0;  // values of a head that turn; 0: all
  std::int64_t window = 0;
  bool interleaved = false;

  AttentionShape shape(const RopeTable* rope, float dropout = 0) const {
    return {heads, kv_heads, size, rope, dropout, window, interleaved};
  }
  RopeTable rope(double theta) const { return make_rope(130, rotated > 0 ? rotated : size, theta); }
};

constexpr Heads kHeads[] = {{1, 1, 4},
                            {2, 2, 8},
                            {4, 2, 6},
                            {3, 1, 2},
                            {2, 2, 8, 4, 0, true},    // GPT-NeoX
                            {4, 2, 6, 0, 16},         // Mistral
                            {2, 1, 4, 2, 1},          // a window of the token itself
                            {3, 3, 6, 2, 70, true}};  // a window wider than a block of queries

std::int64_t width(const Heads& h) { return (h.heads + 2 * h.kv_heads) * h.size; }

GradientCheck::Operation operation(const Batch& batch, const AttentionShape& shape) {
  return [&batch, shape](Tape&, const std::vector<Variable>& in) {
    return std::vector<Variable>{attention(in[0], batch, shape)};
  };
}

/// The formula in double precision, pairs turned by p theta^(-i / half).
class Plain {
 public:
  Plain(const Tensor& qkv, const Batch& batch, const Heads& h, double theta)
      : batch_(batch), heads_(h), theta_(theta), x_(qkv.values().begin(), qkv.values().end()) {}

  std::vector<double> values() {
    std::vector<double> y;
    for (std::int32_t s = 0; s < batch_.sequences(); ++s) {
      const std::int64_t first = batch_.offsets[static_cast<std::size_t>(s)];
      for (std::int64_t p = 0; theta_ > 0 && p < batch_.length(s); ++p) rotate(first + p, p);
      for (std::int64_t p = 0; p < batch_.length(s); ++p)
        for (std::int64_t h = 0; h < heads_.heads; ++h) head(first, p, h, y);
    }
    return y;
  }

 private:
  /// Queries are the first heads, then come keys and values.
  double* at(std::int64_t token, std::int64_t head) {
    if (heads_.interleaved) head = head % heads_.heads * 3 + head / heads_.heads;
    return x_.data() + token * width(heads_) + head * heads_.size;
  }

  void rotate(std::int64_t token, std::int64_t position) {
    const std::int64_t half = (heads_.rotated > 0 ? heads_.rotated : heads_.size) / 2;
    for (std::int64_t h = 0; h < heads_.heads + heads_.kv_heads; ++h)
      for (std::int64_t i = 0; i < half; ++i) {
        const double angle =
            static_cast<double>(position) * std::pow(theta_, -static_cast<double>(i) / static_cast<double>(half));
        double &a = at(token, h)[i], &b = at(token, h)[i + half];
        const double turned = a * std::cos(angle) - b * std::sin(angle);
        b = b * std::cos(angle) + a * std::sin(angle);
        a = turned;
      }
  }

  void head(std::int64_t first, std::int64_t position, std::int64_t h, std::vector<double>& y) {
    const std::int64_t kv = h / (heads_.heads / heads_.kv_heads);
    std::vector<double> weights;
    double sum = 0;
    const std::int64_t from = heads_.window > 0 ? std::max<std::int64_t>(0, position - heads_.window + 1) : 0;
    for (std::int64_t j = from; j <= position; ++j) {
      double dot = 0;
      for (std::int64_t i = 0; i < heads_.size; ++i)
        dot += at(first + position, h)[i] * at(first + j, heads_.heads + kv)[i];
      sum += weights.emplace_back(std::exp(dot / std::sqrt(static_cast<double>(heads_.size))));
    }
    for (std::int64_t i = 0; i < heads_.size; ++i) {
      double value = 0;
      for (std::int64_t j = from; j <= position; ++j)
        value +=
            weights[static_cast<std::size_t>(j - from)] / sum * at(first + j, heads_.heads + heads_.kv_heads + kv)[i];
      y.push_back(value);
    }
  }

  const Batch& batch_;
  Heads heads_;
  double theta_;
  std::vector<double> x_;
};

}  // namespace

TEST_CASE("attention: values, with and without rotary positions, heads shared or not") {
  const Batch batch = make_batch(kLengths);
  for (const Heads& h : kHeads) {
    const Tensor qkv = random_tensor(Shape::matrix(batch.token_count(), width(h)), 1);
    const RopeTable rope = h.rope(10000.0);
    for (const bool rotary : {false, true}) {
      INFO(h.heads << " heads, " << h.kv_heads << " of keys, window " << h.window << ", rotary " << rotary);
      const auto run = operation(batch, h.shape(rotary ? &rope : nullptr));
      const Tensor y = outputs_of(run, {qkv}, true).front();
      CHECK(difference(y, Plain(qkv, batch, h, rotary ? 10000.0 : 0).values()) <= 2e-5);
      CHECK(equal(y, outputs_of(run, {qkv}, false).front()));
    }
  }
}

TEST_CASE("attention: gradients") {
  const Batch batch = make_batch(kLengths);
  for (const Heads& h : kHeads) {
    const RopeTable rope = h.rope(100.0);
    for (const bool rotary : {false, true})
      for (const float dropout : {0.0F, 0.3F}) {
        INFO(h.heads << " heads, " << h.kv_heads << " of keys, window " << h.window << ", rotary " << rotary
                     << ", dropout " << dropout);
        GradientCheck check;
        check.inputs = {random_tensor(Shape::matrix(batch.token_count(), width(h)), 2)};
        check.operation = operation(batch, h.shape(rotary ? &rope : nullptr, dropout));
        check.elements = 60;
        check.run();
      }
  }
}

TEST_CASE("attention: sequences do not see each other, nor what comes later") {
  constexpr int lengths[] = {70, 3, 90};
  const Batch batch = make_batch(lengths);
  const auto run = operation(batch, {2, 1, 4, nullptr, 0});
  const Tensor qkv = random_tensor(Shape::matrix(163, 16), 1);
  const Tensor before = outputs_of(run, {qkv}, false).front();
  for (const std::int64_t changed : {0, 69, 71, 100, 162}) {
    const Tensor other = qkv.clone();
    for (std::int64_t i = 0; i < 16; ++i) other.row(changed)[i] += 1.0F;
    const Tensor after = outputs_of(run, {other}, false).front();
    const std::int64_t end = changed < 70 ? 70 : changed < 73 ? 73 : 163;
    for (std::int64_t t = 0; t < 163; ++t) {
      const bool same = std::equal(before.row(t), before.row(t) + 8, after.row(t));
      CHECK(same == (t < changed || t >= end));
    }
  }
}

TEST_CASE("attention: a sequence answers the same alone and in company") {
  constexpr int lengths[] = {40, 77, 1}, alone[] = {77};
  const Batch batch = make_batch(lengths), single = make_batch(alone);
  const RopeTable rope = make_rope(100, 4, 10000.0);
  const AttentionShape shape{2, 1, 4, &rope, 0};
  const Tensor qkv = random_tensor(Shape::matrix(118, 16), 1), part = Tensor::zeros(Shape::matrix(77, 16));
  std::copy_n(qkv.row(40), 77 * 16, part.data());
  const Tensor all = outputs_of(operation(batch, shape), {qkv}, false).front(),
               one = outputs_of(operation(single, shape), {part}, false).front();
  CHECK(std::equal(one.values().begin(), one.values().end(), all.row(40)));
}

TEST_CASE("attention: dropout in training alone, the same for any number of threads") {
  const Batch batch = make_batch(kLengths);
  const auto run = operation(batch, {4, 2, 4, nullptr, 0.5F}), quiet = operation(batch, {4, 2, 4, nullptr, 0});
  const Tensor qkv = random_tensor(Shape::matrix(260, 32), 1);
  CHECK(equal(outputs_of(run, {qkv}, false).front(), outputs_of(quiet, {qkv}, false).front()));
  const Tensor dropped = outputs_of(run, {qkv}, true).front();
  CHECK_FALSE(equal(dropped, outputs_of(quiet, {qkv}, true).front()));
  for (const int count : {1, 2, 5}) {
    Threads threads(count);
    Tensor again;
    threads.run([&] { again = outputs_of(run, {qkv}, true).front(); });
    CHECK(equal(again, dropped));
  }
}

TEST_CASE("attention: large scores do not overflow") {
  constexpr int lengths[] = {50};
  const Batch batch = make_batch(lengths);
  const Tensor y =
      outputs_of(operation(batch, {1, 1, 4, nullptr, 0}), {random_tensor(Shape::matrix(50, 12), 1, 100.0F)}, true)
          .front();
  CHECK(std::all_of(y.values().begin(), y.values().end(), [](float v) { return std::isfinite(v); }));
}

TEST_CASE("attention: what does not fit is refused") {
  Arena arena(1 << 24);
  Tape tape(arena, true);
  constexpr int lengths[] = {3, 6};
  const Batch batch = make_batch(lengths);
  const Variable x = tape.variable(Tensor::zeros(Shape::matrix(9, 16)), true),
                 short_x = tape.variable(Tensor::zeros(Shape::matrix(8, 16)), true);
  const RopeTable rope = make_rope(5, 4, 10000.0), wide = make_rope(10, 8, 10000.0);
  CHECK_ERROR(attention(x, batch, {4, 2, 4, nullptr, 0}), "mismatch",
              "attention of 4 + 2 x 2 heads of 4 over 9 tokens takes [9, 32], not [9, 16]");
  CHECK_ERROR(attention(short_x, batch, {2, 1, 4, nullptr, 0}), "mismatch", "takes [9, 16], not [8, 16]");
  CHECK_ERROR(attention(x, batch, {2, 1, 4, &rope, 0}), "mismatch",
              "a sequence of 6 tokens is longer than the model's context of 5");
  CHECK_ERROR(attention(x, batch, {3, 2, 4, nullptr, 0}), "mismatch",
              "3 attention heads cannot share 2 key-value heads evenly");
  CHECK_ERROR(attention(x, batch, {4, 0, 4, nullptr, 0}), "mismatch",
              "4 attention heads cannot share 0 key-value heads");
  CHECK_ERROR(attention(x, batch, {2, 1, 4, &wide, 0}), "mismatch", "rotary positions of 8 values for heads of 4");
  CHECK_ERROR(attention(x, batch, {2, 1, 4, nullptr, 0, 0, true}), "mismatch",
              "interleaved heads are no groups: 2 heads, 1 key-value heads");
}

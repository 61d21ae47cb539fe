// Norms, alone and fused with the residual sum.
#include "gpt/ops/norm.h"

#include "ops/gradient.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

namespace {

struct Weights {
  Weights(std::int64_t n, bool rms)
      : weight(make_parameter("norm.weight", Shape::vector(n), 1)),
        bias(make_parameter("norm.bias", Shape::vector(n), 2)) {
    norm = {&weight, rms ? nullptr : &bias, rms, 1e-5F};
  }
  std::vector<Parameter*> parameters() {
    return norm.rms ? std::vector<Parameter*>{&weight} : std::vector<Parameter*>{&weight, &bias};
  }
  Parameter weight, bias;
  NormWeights norm;
};

std::vector<double> plain(const Tensor& x, const NormWeights& w) {
  std::vector<double> y;
  const auto n = static_cast<double>(x.columns());
  for (std::int64_t r = 0; r < x.rows(); ++r) {
    double mean = 0, squares = 0;
    for (std::int64_t i = 0; i < x.columns(); ++i) mean += w.rms ? 0.0 : static_cast<double>(x.row(r)[i]) / n;
    for (std::int64_t i = 0; i < x.columns(); ++i) squares += std::pow(static_cast<double>(x.row(r)[i]) - mean, 2) / n;
    for (std::int64_t i = 0; i < x.columns(); ++i)
      y.push_back((static_cast<double>(x.row(r)[i]) - mean) / std::sqrt(squares + 1e-5) *
                      static_cast<double>(w.weight->value.data()[i]) +
                  (w.bias != nullptr ? static_cast<double>(w.bias->value.data()[i]) : 0.0));
  }
  return y;
}

}  // namespace

TEST_CASE("norm: values and gradients of both kinds") {
  for (const bool rms : {false, true})
    for (const std::int64_t rows : {1, 5, 130}) {
      INFO("rms " << rms << ", " << rows << " rows");
      Weights w(13, rms);
      GradientCheck check;
      check.inputs = {random_tensor(Shape::matrix(rows, 13), 3, 2.0F)};
      check.parameters = w.parameters();
      check.operation = [&](Tape&, const std::vector<Variable>& in) {
        return std::vector<Variable>{norm(in[0], w.norm)};
      };
      CHECK(difference(outputs_of(check.operation, check.inputs, true).front(), plain(check.inputs[0], w.norm)) <=
            5e-6);
      check.run();
      w.weight.set_trainable(false);
      check.run();
      w.bias.set_trainable(false);
      check.run();
    }
}

TEST_CASE("add_norm: gradients through the sum and the norm") {
  const auto both = [](const Normed& out) { return std::vector<Variable>{out.sum, out.normed}; };
  for (const bool rms : {false, true})
    for (const float dropout : {0.0F, 0.3F}) {
      Weights w(9, rms);
      const auto add = [&](const Variable& x, const Variable& delta) { return add_norm(x, delta, w.norm, dropout); };
      GradientCheck check;
      check.inputs = {random_tensor(Shape::matrix(70, 9), 3), random_tensor(Shape::matrix(70, 9), 4)};
      check.parameters = w.parameters();
      check.elements = 20;
      const std::pair<const char*, GradientCheck::Operation> uses[] = {
          {"both outputs are used", [&](Tape&, const auto& in) { return both(add(in[0], in[1])); }},
          {"only the norm", [&](Tape&, const auto& in) { return std::vector<Variable>{add(in[0], in[1]).normed}; }},
          {"only the sum", [&](Tape&, const auto& in) { return std::vector<Variable>{add(in[0], in[1]).sum}; }},
          {"one variable on both sides", [&](Tape&, const auto& in) { return both(add(in[0], in[0])); }},
          {"twice, as a block does", [&](Tape&, const auto& in) {
             const Normed first = add(in[0], in[1]);
             return both(add(first.sum, first.normed));
           }}};
      for (const auto& use : uses) {
        INFO("rms " << rms << ", dropout " << dropout << ", " << use.first);
        check.operation = use.second;
        if (std::string(use.first) == "only the sum") check.parameters.clear();
        check.run();
        check.parameters = w.parameters();
      }
    }
}

TEST_CASE("add_norm: values; dropout in training alone") {
  Weights w(9, false);
  const std::vector<Tensor> inputs{random_tensor(Shape::matrix(40, 9), 3), random_tensor(Shape::matrix(40, 9), 4)};
  const auto with = [&](float dropout) {
    return [&w, dropout](Tape&, const std::vector<Variable>& in) {
      const Normed out = add_norm(in[0], in[1], w.norm, dropout);
      return std::vector<Variable>{out.sum, out.normed};
    };
  };
  std::vector<double> sum;
  for (std::size_t i = 0; i < 360; ++i)
    sum.push_back(static_cast<double>(inputs[0].values()[i]) + static_cast<double>(inputs[1].values()[i]));
  const auto quiet = outputs_of(with(0.5F), inputs, false), plain_sum = outputs_of(with(0), inputs, true),
             dropped = outputs_of(with(0.5F), inputs, true);
  CHECK(difference(quiet[0], sum) <= 2e-7);
  CHECK(equal(quiet[0], plain_sum[0]));
  CHECK(equal(quiet[1], plain_sum[1]));
  CHECK(difference(quiet[1], plain(quiet[0], w.norm)) <= 5e-6);
  int kept = 0, zero = 0;
  for (std::size_t i = 0; i < 360; ++i) {
    const float delta = dropped[0].values()[i] - inputs[0].values()[i];
    kept += std::abs(delta - 2 * inputs[1].values()[i]) < 1e-5F ? 1 : 0;
    zero += delta == 0.0F ? 1 : 0;
  }
  CHECK(kept + zero == 360);
  CHECK(kept == Approx(180).margin(40));
}

TEST_CASE("norm: what does not fit is refused by name") {
  Arena arena(1 << 24);
  Tape tape(arena, true);
  const Variable x = tape.variable(Tensor::zeros(Shape::matrix(5, 3)), true),
                 other = tape.variable(Tensor::zeros(Shape::matrix(4, 3)), true);
  Weights wide(4, true), fits(3, false);
  CHECK_ERROR(norm(x, wide.norm), "mismatch", "norm.weight has 4 values, the row it normalizes 3");
  CHECK_ERROR(add_norm(x, other, fits.norm), "mismatch", "cannot add [4, 3] to [5, 3]");
  fits.bias = make_parameter("short.bias", Shape::vector(2), 1);
  CHECK_ERROR(norm(x, fits.norm), "mismatch", "short.bias has 2 values, the row it normalizes 3");
}

TEST_CASE("norm_heads: each head of queries and keys by itself, values untouched") {
  Parameter query = make_parameter("q_norm.weight", Shape::vector(6), 1),
            key = make_parameter("k_norm.weight", Shape::vector(6), 2);
  const NormWeights q{&query, nullptr, true, 1e-5F}, k{&key, nullptr, true, 1e-5F};
  GradientCheck check;
  check.inputs = {random_tensor(Shape::matrix(70, 48), 3, 2.0F)};  // 4 query heads, 2 of keys, 2 of values
  check.parameters = {&query, &key};
  check.operation = [&](Tape&, const std::vector<Variable>& in) {
    return std::vector<Variable>{norm_heads(in[0], 4, 2, q, k)};
  };
  const Tensor y = outputs_of(check.operation, check.inputs, true).front();
  for (std::int64_t head = 0; head < 8; ++head) {
    Tensor part = Tensor::zeros(Shape::matrix(70, 6)), found = Tensor::zeros(Shape::matrix(70, 6));
    for (std::int64_t r = 0; r < 70; ++r) {
      std::copy_n(check.inputs[0].row(r) + 6 * head, 6, part.row(r));
      std::copy_n(y.row(r) + 6 * head, 6, found.row(r));
    }
    if (head >= 6) {
      CHECK(equal(found, part));
    } else {
      CHECK(difference(found, plain(part, head < 4 ? q : k)) <= 5e-6);
    }
  }
  check.run();
  query.set_trainable(false);
  check.run();
  Arena arena(1 << 24);
  Tape tape(arena, true);
  CHECK_ERROR(norm_heads(tape.variable(Tensor::zeros(Shape::matrix(5, 47)), true), 4, 2, q, k), "mismatch",
              "q_norm.weight and k_norm.weight have 6 and 6 values; 4 + 2 x 2 heads of a row of 47 do not fit");
}

TEST_CASE("add: the residual sum alone") {
  for (const float dropout : {0.0F, 0.3F}) {
    GradientCheck check;
    check.inputs = {random_tensor(Shape::matrix(70, 9), 3), random_tensor(Shape::matrix(70, 9), 4)};
    check.operation = [&](Tape&, const std::vector<Variable>& in) {
      return std::vector<Variable>{add(add(in[0], in[1], dropout), in[0], dropout)};
    };
    check.run();
  }
  Arena arena(1 << 24);
  Tape tape(arena, true);
  CHECK_ERROR(add(tape.variable(Tensor::zeros(Shape::matrix(5, 3)), true),
                  tape.variable(Tensor::zeros(Shape::matrix(4, 3)), true)),
              "mismatch", "cannot add [4, 3] to [5, 3]");
}

TEST_CASE("add: values and gradients") {
  GradientCheck check;
  check.inputs = {random_tensor(Shape::matrix(7, 5), 1), random_tensor(Shape::matrix(7, 5), 2)};
  check.operation = [&](Tape&, const std::vector<Variable>& in) { return std::vector<Variable>{add(in[0], in[1])}; };
  const Tensor y = outputs_of(check.operation, check.inputs, true).front();
  for (std::int64_t i = 0; i < y.size(); ++i)
    CHECK(y.data()[i] == check.inputs[0].data()[i] + check.inputs[1].data()[i]);
  check.run();
}

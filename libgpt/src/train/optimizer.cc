#include "train/optimizer.h"

#include <algorithm>
#include <cmath>

#include "gpt/tensor/parallel.h"
#include "kernels/adamw.h"
#include "kernels/bfloat16.h"
#include "kernels/elementwise.h"

namespace gpt {
namespace {

constexpr std::int64_t kChunk = 1 << 16;

}  // namespace

AdamW::AdamW(std::vector<Parameter*> parameters, const TrainOptions& options, const Parameter* partly,
             std::int64_t from_row)
    : parameters_(std::move(parameters)), options_(options) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor& value = parameters_[i]->value;
    const std::int64_t begin = parameters_[i] == partly ? from_row * value.columns() : 0;
    Shape shape = value.shape();
    if (begin > 0) shape.rows -= from_row;
    first_.push_back(Tensor::zeros(shape));
    second_.push_back(Tensor::zeros(shape));
    for (std::int64_t first = begin; first < value.size(); first += kChunk)
      chunks_.push_back({i, first, std::min(kChunk, value.size() - first), first - begin});
  }
}

void AdamW::take_grads(Arena& arena) {
  for (Parameter* p : parameters_) p->take_grad(arena);
}

void AdamW::zero_grad() noexcept {
  for (Parameter* p : parameters_) p->zero_grad();
}

double AdamW::grad_norm() const {
  std::vector<double> sums(chunks_.size());
  parallel_for(static_cast<std::int64_t>(chunks_.size()), [&](std::int64_t i) {
    const Chunk& chunk = chunks_[static_cast<std::size_t>(i)];
    const Parameter& p = *parameters_[chunk.parameter];
    if (!p.grad_fresh)
      sums[static_cast<std::size_t>(i)] = kernels::sum_of_squares(chunk.count, p.grad.data() + chunk.first);
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

void AdamW::step(double learning_rate, double grad_factor) {
  ++steps_;
  const auto count = static_cast<double>(steps_);
  kernels::AdamwStep step{static_cast<float>(learning_rate),
                          static_cast<float>(options_.beta2),
                          static_cast<float>(options_.epsilon),
                          0.0F,
                          static_cast<float>(1.0 - options_.beta1),
                          static_cast<float>(1.0 - options_.beta2),
                          static_cast<float>(1.0 - std::pow(options_.beta1, count)),
                          static_cast<float>(1.0 - std::pow(options_.beta2, count)),
                          static_cast<float>(grad_factor)};
  parallel_for(static_cast<std::int64_t>(chunks_.size()), [&](std::int64_t i) {
    const Chunk& chunk = chunks_[static_cast<std::size_t>(i)];
    Parameter& p = *parameters_[chunk.parameter];
    if (p.grad_fresh) return;  // took no part in this step
    kernels::AdamwStep own = step;
    own.weight_decay = p.value.shape().rank == 2 ? static_cast<float>(options_.weight_decay) : 0.0F;
    kernels::adamw(chunk.count, own, p.grad.data() + chunk.first, p.value.data() + chunk.first,
                   first_[chunk.parameter].data() + chunk.moment, second_[chunk.parameter].data() + chunk.moment);
    if (!p.half.empty()) kernels::to_bfloat16(chunk.count, p.value.data() + chunk.first, p.half.data() + chunk.first);
  });
}

}  // namespace gpt

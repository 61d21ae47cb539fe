// AdamW over the trainable parameters.
#pragma once

#include <vector>

#include "gpt/ops/variable.h"
#include "gpt/train/options.h"

namespace gpt {

class AdamW {
 public:
  /// Of the table `partly`, where there is one, only the rows from `from_row` on are updated and have moments.
  AdamW(std::vector<Parameter*> parameters, const TrainOptions& options, const Parameter* partly = nullptr,
        std::int64_t from_row = 0);

  /// The same of all parameters as Parameter says of one.
  void take_grads(Arena& arena);
  void zero_grad() noexcept;
  /// The Euclidean norm of all gradients together; summed in an order that depends on shapes only.
  double grad_norm() const;
  /// One update, gradients multiplied by grad_factor first. Weight decay on matrices only.
  void step(double learning_rate, double grad_factor);

  const std::vector<Parameter*>& parameters() const noexcept { return parameters_; }
  std::vector<Tensor>& first_moments() noexcept { return first_; }
  std::vector<Tensor>& second_moments() noexcept { return second_; }
  std::int64_t steps() const noexcept { return steps_; }
  void set_steps(std::int64_t steps) noexcept { steps_ = steps; }

 private:
  /// A piece of one parameter: small enough to share among threads, cut by shape alone.
  struct Chunk {
    std::size_t parameter;
    std::int64_t first, count;
    std::int64_t moment;  ///< where its moments begin
  };

  std::vector<Parameter*> parameters_;
  std::vector<Tensor> first_, second_;
  std::vector<Chunk> chunks_;
  TrainOptions options_;
  std::int64_t steps_ = 0;
};

}  // namespace gpt

// How to train.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gpt {

/// What follows the warm-up. `stable`: constant, then down in a line over the last decay_steps; a checkpoint from
/// before them may be resumed with another number of steps ("Scaling Laws and Compute-Optimal Training Beyond Fixed
/// Training Durations", Haegele et al., 2024).
enum class Schedule { linear, cosine, constant, stable };

/// As --lr_scheduler_type has it: "linear", "cosine", "constant", "warmup_stable_decay".
std::string_view schedule_name(Schedule schedule) noexcept;

struct TrainOptions {
  double epochs = 3;              ///< may be fractional
  std::int64_t max_steps = -1;    ///< overrides epochs where positive
  std::int64_t batch_size = 8;    ///< sequences in one pass
  std::int64_t accumulation = 1;  ///< passes in one optimizer step
  double learning_rate = 5e-5;
  double weight_decay = 0;  ///< on tensors of two dimensions
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double max_grad_norm = 1;  ///< 0: no clipping
  Schedule schedule = Schedule::linear;
  double min_rate = 0;           ///< what the schedule goes down to, as a share of the learning rate
  std::int64_t decay_steps = 0;  ///< of Schedule::stable
  std::int64_t warmup_steps = 0;
  double warmup_ratio = 0;  ///< of all steps; used where warmup_steps is 0
  std::uint64_t seed = 42;
  std::int64_t logging_steps = 10;
  std::int64_t save_steps = 0;        ///< 0: no checkpoints on the way
  std::int64_t save_total_limit = 0;  ///< 0: keep all
  std::int64_t eval_steps = 0;        ///< 0: never on the way
};

}  // namespace gpt

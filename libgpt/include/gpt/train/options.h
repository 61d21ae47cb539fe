// How to train.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gpt {

/// What follows the warm-up. `stable`: constant, then down in a line over the last decay_steps; a checkpoint from
/// before them may be resumed with another number of steps ("Scaling Laws and Compute-Optimal Training Beyond Fixed
/// Training Durations", Haegele et al., 2024). `polynomial`: Transformers' get_polynomial_decay_schedule_with_warmup as
/// it is where nothing is said: of power 1, a line down to polynomial_end.
enum class Schedule { linear, cosine, constant, stable, polynomial };
inline constexpr double polynomial_end = 1e-7;

/// As --lr_scheduler_type has it: "linear", "cosine", "constant", "warmup_stable_decay", "polynomial".
std::string_view schedule_name(Schedule schedule) noexcept;

/// What has an entry in the log of a run.
enum class Logging { steps, epochs, nothing };

struct TrainOptions {
  double epochs = 3;                  ///< may be fractional
  std::int64_t max_steps = -1;        ///< overrides epochs where positive
  std::int64_t batch_size = 8;        ///< sequences in one pass at most; 0: as many as max_batch_tokens allow
  std::int64_t max_batch_tokens = 0;  ///< tokens in one pass at most; 0: no limit
  /// Tokens whose activations are held at once: a pass of more is worked through in parts, for the same update up to
  /// the order of sums; 0: no limit. At 2,048 the products are as fast as they get.
  std::int64_t max_activation_tokens = 2048;
  bool group_by_length = false;   ///< passes of sequences of like length
  std::int64_t accumulation = 1;  ///< passes in one optimizer step
  double learning_rate = 5e-5;
  /// Weight of an auxiliary language-model loss (Radford et al., "Improving Language Understanding by Generative
  /// Pre-Training", 2018, equation 5: L3 = L2 + lambda L1), the mean over all next tokens of the step; 0: none.
  double lm_coefficient = 0;
  double weight_decay = 0;  ///< on tensors of two dimensions
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double max_grad_norm = 1;  ///< 0: no clipping
  Schedule schedule = Schedule::linear;
  double min_rate = 0;           ///< what the schedule goes down to, as a share of the learning rate
  std::int64_t decay_steps = 0;  ///< of Schedule::stable
  std::int64_t warmup_steps = 0;
  double warmup_ratio = 0;  ///< of all steps; used where warmup_steps is 0
  std::uint64_t seed = 42;
  std::optional<std::uint64_t> data_seed;  ///< of the order of examples; none: seed
  Logging logging = Logging::steps;
  std::int64_t logging_steps = 10;    ///< in an entry, with Logging::steps
  bool logging_first_step = false;    ///< the first step has an entry of its own
  std::int64_t save_steps = 0;        ///< 0: no checkpoints on the way
  bool save_epochs = false;           ///< a checkpoint at the end of each epoch
  bool save_best = false;             ///< a checkpoint at each evaluation that is better than all before
  std::int64_t save_total_limit = 0;  ///< 0: keep all
  std::int64_t eval_steps = 0;        ///< steps between evaluations; 0: at the end of each epoch

  // What follows from evaluations; each needs TrainHooks::evaluate.
  bool load_best = false;  ///< end with the weights of the best evaluation; the end of the run is evaluated too
  bool greater_is_better = true;
  std::int64_t early_stopping_patience = 0;  ///< stop after so many evaluations without a better score; 0: never
  double early_stopping_threshold = 0;       ///< how much better counts as better for the patience
};

}  // namespace gpt

#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gpt {

std::string_view schedule_name(Schedule schedule) noexcept {
  switch (schedule) {
    case Schedule::linear:
      return "linear";
    case Schedule::cosine:
      return "cosine";
    case Schedule::stable:
      return "warmup_stable_decay";
    case Schedule::polynomial:
      return "polynomial";
    case Schedule::constant:
      break;
  }
  return "constant";
}

double learning_rate(const TrainOptions& options, std::int64_t step, std::int64_t total) {
  const std::int64_t warmup =
      options.warmup_steps > 0
          ? options.warmup_steps
          : static_cast<std::int64_t>(std::ceil(options.warmup_ratio * static_cast<double>(total)));
  if (step < warmup)
    return options.learning_rate * static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, warmup));
  const double progress =
      static_cast<double>(step - warmup) / static_cast<double>(std::max<std::int64_t>(1, total - warmup));
  switch (options.schedule) {
    case Schedule::linear:
      return options.learning_rate * (options.min_rate + (1.0 - options.min_rate) * std::max(0.0, 1.0 - progress));
    case Schedule::cosine:
      return options.learning_rate *
             (options.min_rate +
              (1.0 - options.min_rate) * std::max(0.0, 0.5 * (1.0 + std::cos(std::numbers::pi * progress))));
    case Schedule::stable: {
      const auto left = static_cast<double>(total - step);
      const double share = std::min(1.0, left / static_cast<double>(std::max<std::int64_t>(1, options.decay_steps)));
      return options.learning_rate * (options.min_rate + (1.0 - options.min_rate) * share);
    }
    case Schedule::polynomial:
      return polynomial_end + (options.learning_rate - polynomial_end) * std::max(0.0, 1.0 - progress);
    case Schedule::constant:
      break;
  }
  return options.learning_rate;
}

}  // namespace gpt

// Learning rates by step against the formulas of Transformers' get_scheduler.
#include "train/schedule.h"

#include <cmath>

#include "support/catch.h"

using namespace gpt;

namespace {

TrainOptions options(Schedule schedule, std::int64_t warmup, double ratio = 0) {
  TrainOptions o;
  o.learning_rate = 2e-4;
  o.schedule = schedule;
  o.warmup_steps = warmup;
  o.warmup_ratio = ratio;
  return o;
}

}  // namespace

TEST_CASE("schedule: linear") {
  for (const std::int64_t warmup : {0, 1, 10}) {
    const TrainOptions o = options(Schedule::linear, warmup);
    for (std::int64_t step = 0; step <= 100; ++step) {
      const auto s = static_cast<double>(step), w = static_cast<double>(warmup);
      const double expected = step < warmup ? s / w : (100 - s) / (100 - w);
      CHECK(learning_rate(o, step, 100) == Approx(2e-4 * expected).margin(1e-18));
    }
  }
}

TEST_CASE("schedule: cosine") {
  for (const std::int64_t warmup : {0, 7}) {
    const TrainOptions o = options(Schedule::cosine, warmup);
    for (std::int64_t step = 0; step <= 60; ++step) {
      const auto s = static_cast<double>(step), w = static_cast<double>(warmup);
      const double expected = step < warmup ? s / w : 0.5 * (1 + std::cos(M_PI * (s - w) / (60 - w)));
      CHECK(learning_rate(o, step, 60) == Approx(2e-4 * expected).margin(1e-18));
    }
  }
}

TEST_CASE("schedule: constant after its warm-up") {
  const TrainOptions o = options(Schedule::constant, 4);
  CHECK(learning_rate(o, 0, 10) == 0);
  CHECK(learning_rate(o, 1, 10) == Approx(0.5e-4));
  for (std::int64_t step = 4; step < 10; ++step) CHECK(learning_rate(o, step, 10) == 2e-4);
}

TEST_CASE("schedule: a ratio of warm-up is rounded up, and gives way to a number of steps") {
  const TrainOptions ratio = options(Schedule::linear, 0, 0.06);
  for (std::int64_t step = 0; step < 3; ++step)  // ceil(0.06 x 45) = 3
    CHECK(learning_rate(ratio, step, 45) == Approx(2e-4 * static_cast<double>(step) / 3).margin(1e-18));
  CHECK(learning_rate(ratio, 3, 45) == 2e-4);
  const TrainOptions both = options(Schedule::linear, 5, 0.5);
  CHECK(learning_rate(both, 5, 45) == 2e-4);
}

TEST_CASE("schedule: more warm-up than steps never reaches the top; past the end nothing is left") {
  CHECK(learning_rate(options(Schedule::linear, 100), 9, 10) == Approx(2e-4 * 0.09));
  CHECK(learning_rate(options(Schedule::linear, 10), 10, 10) == 2e-4);
  CHECK(learning_rate(options(Schedule::linear, 0), 12, 10) == 0);
}

TEST_CASE("schedule: linear and cosine end at a share of the learning rate") {
  for (const Schedule schedule : {Schedule::linear, Schedule::cosine}) {
    TrainOptions o = options(schedule, 5);
    o.min_rate = 0.1;
    CHECK(learning_rate(o, 5, 60) == Approx(2e-4));
    CHECK(learning_rate(o, 60, 60) == Approx(2e-5));
    const TrainOptions whole = options(schedule, 5);
    for (std::int64_t step = 5; step <= 60; ++step)
      CHECK(learning_rate(o, step, 60) == Approx(2e-5 + 0.9 * learning_rate(whole, step, 60)));
  }
}

TEST_CASE("schedule: constant, then down in a line") {
  TrainOptions o = options(Schedule::stable, 5);
  o.decay_steps = 20;
  o.min_rate = 0.1;
  CHECK(learning_rate(o, 1, 60) == Approx(2e-4 / 5));
  for (std::int64_t step = 5; step <= 40; ++step) CHECK(learning_rate(o, step, 60) == 2e-4);
  CHECK(learning_rate(o, 50, 60) == Approx(2e-4 * (0.1 + 0.9 * 0.5)));
  CHECK(learning_rate(o, 60, 60) == Approx(2e-5));
}

TEST_CASE("schedule: polynomial, as get_polynomial_decay_schedule_with_warmup has it by default") {
  for (const std::int64_t warmup : {0, 7}) {
    const TrainOptions o = options(Schedule::polynomial, warmup);
    const double end = 1e-7, power = 1;
    for (std::int64_t step = 0; step <= 70; ++step) {
      const auto s = static_cast<double>(step), w = static_cast<double>(warmup);
      double expected = 2e-4 * s / std::max(1.0, w);
      if (step >= warmup) expected = (2e-4 - end) * std::pow(1 - (s - w) / (60 - w), power) + end;
      if (step > 60) expected = end;
      CHECK(learning_rate(o, step, 60) == Approx(expected).epsilon(1e-12).margin(1e-18));
    }
  }
}

TEST_CASE("schedule: names") {
  CHECK(schedule_name(Schedule::linear) == "linear");
  CHECK(schedule_name(Schedule::cosine) == "cosine");
  CHECK(schedule_name(Schedule::constant) == "constant");
  CHECK(schedule_name(Schedule::stable) == "warmup_stable_decay");
  CHECK(schedule_name(Schedule::polynomial) == "polynomial");
}

// The best evaluation, its weights, and early stopping; all of it the same after an interruption.
#include "train/best.h"

#include <cmath>
#include <filesystem>

#include "support/errors.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

std::vector<EvalRecord> scores(const std::vector<double>& values) {
  std::vector<EvalRecord> records;
  for (const double value : values) records.push_back({static_cast<std::int64_t>(records.size()) + 1, 0, value, {}});
  return records;
}

/// Scores by step as given; what is beyond them scores 0. Remembers the weights it saw.
struct Scored {
  explicit Scored(std::vector<double> given) : values(std::move(given)) {}
  TrainHooks hooks(const Model& m) {
    TrainHooks hooks;
    hooks.evaluate = [this, &m](const StepRecord& r) -> std::optional<EvalRecord> {
      if (interrupt_at == r.step) return std::nullopt;
      const auto i = static_cast<std::size_t>(r.step - 1);
      hashes.resize(std::max(hashes.size(), i + 1));
      hashes[i] = m.hash();
      return EvalRecord{r.step, r.epoch, i < values.size() ? values[i] : 0, {{"step", r.step}}};
    };
    return hooks;
  }
  std::vector<double> values;
  std::vector<std::string> hashes;
  std::int64_t interrupt_at = -1;
};

TrainOptions every_step(std::int64_t steps) {
  TrainOptions o = tiny_options(steps);
  o.eval_steps = 1;
  return o;
}

}  // namespace

TEST_CASE("best: the highest, the lowest, the first of equals, never what is no number") {
  TrainOptions o;
  CHECK(best_of({}, o) == nullptr);
  CHECK(best_of(scores({1, 3, 3, 2}), o)->step == 2);
  CHECK(best_of(scores({NAN, 1, NAN}), o)->step == 2);
  CHECK(best_of(scores({NAN, NAN}), o)->step == 1);
  o.greater_is_better = false;
  CHECK(best_of(scores({1, 3, 0.5, 0.5}), o)->step == 3);
}

TEST_CASE("patience: counts evaluations that are not better by more than the threshold") {
  TrainOptions o;
  CHECK_FALSE(patience_is_over(scores({3, 2, 1}), o));
  o.early_stopping_patience = 2;
  CHECK_FALSE(patience_is_over(scores({3, 2}), o));
  CHECK(patience_is_over(scores({3, 2, 3}), o));
  CHECK_FALSE(patience_is_over(scores({3, 2, 4, 3}), o));
  o.early_stopping_threshold = 0.5;
  CHECK(patience_is_over(scores({3, 3.2, 3.4}), o));
  CHECK_FALSE(patience_is_over(scores({3, 3.2, 3.8}), o));
}

TEST_CASE("training: ends with the best weights, and says which") {
  Threads threads(2);
  const std::vector<Example> examples = tiny_examples(12);
  for (const std::int64_t best : {1, 3, 6}) {
    INFO("best at step " << best);
    const TemporaryFolder folder;
    std::vector<double> values(6, 0.5);
    values[static_cast<std::size_t>(best - 1)] = 0.9;
    Scored scored(values);
    TrainOptions options = every_step(6);
    options.load_best = true;
    const Model m = gpt2_classifier();
    const TrainResult result = train(m, examples, options, threads, folder.path(), {}, scored.hooks(m));
    CHECK(result.steps == 6);
    CHECK(result.best_step == best);
    CHECK(result.best_score == 0.9);
    CHECK(result.evaluations.size() == 6);
    CHECK(scored.hashes.size() == 6);
    CHECK(m.hash() == scored.hashes[static_cast<std::size_t>(best - 1)]);
    // What was best for a while is not kept, unless it is wanted as a checkpoint.
    for (int step = 1; step <= 6; ++step)
      CHECK(std::filesystem::exists(folder / ("checkpoint-" + std::to_string(step))) == (step == best && step < 6));
  }
}

TEST_CASE("training: save_best and save_epochs keep their checkpoints, and the limit spares the best") {
  Threads threads(1);
  const std::vector<Example> examples = tiny_examples(12);  // two steps an epoch
  const auto kept = [&](TrainOptions options, const std::vector<double>& values) {
    const TemporaryFolder folder;
    Scored scored(values);
    const Model m = gpt2_classifier();
    train(m, examples, options, threads, folder.path(), {}, scored.hooks(m));
    std::string steps;
    for (int step = 1; step <= 7; ++step)
      if (std::filesystem::exists(folder / ("checkpoint-" + std::to_string(step)))) steps += std::to_string(step);
    return steps;
  };
  TrainOptions options = every_step(7);
  options.save_best = true;
  CHECK(kept(options, {1, 3, 2, 4, 3, 3, 3}) == "124");
  options.save_best = false;
  options.save_epochs = true;
  CHECK(kept(options, {}) == "246");
  options.load_best = true;
  CHECK(kept(options, {1, 3, 4, 3, 3, 3, 3}) == "2346");
  options.save_total_limit = 1;
  CHECK(kept(options, {1, 3, 4, 3, 3, 3, 3}) == "36");
}

TEST_CASE("training: patience ends the run") {
  Threads threads(1);
  const TemporaryFolder folder;
  Scored scored({1, 2, 1, 1, 5});
  TrainOptions options = every_step(9);
  options.early_stopping_patience = 2;
  options.load_best = true;
  const Model m = gpt2_classifier();
  const TrainResult result = train(m, tiny_examples(12), options, threads, folder.path(), {}, scored.hooks(m));
  CHECK(result.steps == 4);
  CHECK(result.stopped_early);
  CHECK_FALSE(result.stopped);
  CHECK(result.best_step == 2);
  CHECK(m.hash() == scored.hashes[1]);
}

TEST_CASE("training: interrupted anywhere, even while it evaluates, the best and the patience are the same") {
  Threads threads(2);
  const std::vector<Example> examples = tiny_examples(12);
  const std::vector<double> values{1, 2, 1.5, 2.5, 2, 2, 9};
  TrainOptions options = every_step(9);
  options.early_stopping_patience = 2;
  options.load_best = true;
  const TemporaryFolder whole;
  Scored straight(values);
  const Model m = gpt2_classifier();
  const TrainResult expected = train(m, examples, options, threads, whole.path(), {}, straight.hooks(m));
  CHECK(expected.steps == 6);
  CHECK(expected.best_step == 4);
  for (std::int64_t stop = 1; stop < 6; ++stop)
    for (const bool evaluating : {false, true}) {
      INFO("stopped at " << stop << ", while evaluating: " << evaluating);
      const TemporaryFolder folder;
      Scored first(values), second(values);
      first.interrupt_at = evaluating ? stop : -1;
      const Model half = gpt2_classifier();
      TrainHooks hooks = first.hooks(half);
      std::int64_t steps = 0;
      hooks.stop_requested = [&] { return ++steps == stop; };
      CHECK(train(half, examples, options, threads, folder.path(), {}, hooks).stopped);
      const Model resumed = gpt2_classifier();
      const TrainResult result = train(resumed, examples, options, threads, folder.path(),
                                       newest_checkpoint(folder.path()), second.hooks(resumed));
      CHECK(result.steps == 6);
      CHECK(result.stopped_early);
      CHECK(result.best_step == 4);
      CHECK(result.evaluations.size() == expected.evaluations.size());
      CHECK(result.evaluations.front().entry.at("step") == 1);
      CHECK(resumed.hash() == m.hash());
    }
}

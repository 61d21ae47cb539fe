// The same bits for any number of threads and after any interruption.
#include <tbb/global_control.h>

#include "support/catch.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

using Maker = Model (*)(std::uint64_t);
constexpr Maker kModels[] = {gpt2_classifier, gpt2_in_bfloat16, llama_adapters};

/// Each way to make passes and losses.
std::vector<TrainOptions> variants(std::int64_t steps) {
  std::vector<TrainOptions> all(4, tiny_options(steps));
  all[1].group_by_length = true;
  all[2].batch_size = 0;
  all[2].max_batch_tokens = 90;
  all[2].group_by_length = true;
  all[3].max_batch_tokens = 60;
  all[3].accumulation = 2;
  all[3].lm_coefficient = 0.5;
  return all;
}

bool same(const std::vector<StepRecord>& a, const std::vector<StepRecord>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const StepRecord& x, const StepRecord& y) {
    return x.step == y.step && x.epoch == y.epoch && x.loss == y.loss && x.learning_rate == y.learning_rate &&
           x.grad_norm == y.grad_norm;
  });
}

/// A run that stops after `stop` steps and goes on in a new process's place.
struct Interrupted {
  std::string hash;
  std::vector<StepRecord> records;
  TrainPlan plan;
};

Interrupted interrupted(Maker make, std::span<const Example> examples, const TrainOptions& options, std::int64_t stop,
                        Threads& first_threads, Threads& second_threads) {
  const TemporaryFolder folder;
  TrainHooks hooks;
  std::int64_t steps = 0;
  hooks.stop_requested = [&] { return ++steps == stop; };
  const TrainResult half = train(make(1), examples, options, first_threads, folder.path(), {}, hooks);
  CHECK(half.stopped);
  CHECK(half.steps == stop);
  const std::filesystem::path checkpoint = newest_checkpoint(folder.path());
  CHECK(checkpoint == folder / ("checkpoint-" + std::to_string(stop)));
  Interrupted result;
  hooks = {};
  hooks.started = [&](const TrainPlan& plan) { result.plan = plan; };
  const Model resumed = make(1);
  const TrainResult rest = train(resumed, examples, options, second_threads, folder.path(), checkpoint, hooks);
  CHECK_FALSE(rest.stopped);
  result.hash = resumed.hash();
  result.records = rest.records;
  return result;
}

}  // namespace

TEST_CASE("training: the same bits on 1, 2 and 7 threads") {
  const tbb::global_control more(tbb::global_control::max_allowed_parallelism, 8);
  const std::vector<Example> examples = tiny_examples(40);
  for (const Maker make : kModels)
    for (const TrainOptions& options : variants(5)) {
      std::string hash;
      TrainResult first;
      for (const int count : {1, 2, 7}) {
        INFO(count << " threads");
        Threads threads(count);
        const Model m = make(1);
        const TrainResult result = train(m, examples, options, threads);
        REQUIRE(result.records.size() == 5);
        if (count == 1) {
          hash = m.hash();
          first = result;
          CHECK(hash != make(1).hash());
          CHECK(result.activation_bytes > 0);
        }
        CHECK(m.hash() == hash);
        CHECK(same(result.records, first.records));
        CHECK(result.activation_bytes == first.activation_bytes);
      }
    }
}

TEST_CASE("training: every family, the same bits on 1, 2 and 7 threads") {
  const tbb::global_control more(tbb::global_control::max_allowed_parallelism, 8);
  const std::vector<Example> examples = tiny_examples(12);
  for (const ModelConfig& config : tiny_configs()) {
    INFO(config.family);
    std::string hash;
    for (const int count : {1, 2, 7}) {
      Threads threads(count);
      const Model m{Decoder::create(config, 1), std::make_unique<TinyHead>(config.hidden)};
      m.decoder->set_trainable(true);
      train(m, examples, tiny_options(2), threads);
      if (count == 1) hash = m.hash();
      CHECK(m.hash() == hash);
    }
  }
}

TEST_CASE("training: another seed, other weights") {
  const std::vector<Example> examples = tiny_examples(40);
  Threads threads(1);
  TrainOptions options = tiny_options(2);
  const Model a = gpt2_classifier(), b = gpt2_classifier();
  train(a, examples, options, threads);
  options.seed = 43;
  train(b, examples, options, threads);
  CHECK(a.hash() != b.hash());
}

TEST_CASE("training: interrupted anywhere and resumed, the same bits as without") {
  const tbb::global_control more(tbb::global_control::max_allowed_parallelism, 8);
  const std::vector<Example> examples = tiny_examples(15);  // an epoch is 3 steps, or 2 of two passes
  Threads one(1), two(2), seven(7);
  for (const Maker make : kModels)
    for (const TrainOptions& options : variants(5)) {
      const Model straight = make(1);
      const TrainResult whole = train(straight, examples, options, two);
      for (const std::int64_t stop : {1, 3, 4}) {
        INFO("stopped at step " << stop << ", passes of " << options.max_batch_tokens << " tokens");
        const Interrupted run = interrupted(make, examples, options, stop, stop == 3 ? seven : one, two);
        CHECK(run.hash == straight.hash());
        CHECK(same(run.records, whole.records));
        CHECK(run.plan.first_step == stop);
        CHECK(run.plan.steps == 5);
      }
    }
}

TEST_CASE("training: interrupted at every step") {
  const std::vector<Example> examples = tiny_examples(15);
  Threads threads(2);
  const TemporaryFolder folder;
  const TrainOptions options = tiny_options(5);
  const Model straight = gpt2_classifier();
  train(straight, examples, options, threads);
  TrainHooks hooks;
  hooks.stop_requested = [] { return true; };
  for (int part = 0; part < 5; ++part) {
    const Model m = gpt2_classifier();
    const TrainResult result =
        train(m, examples, options, threads, folder.path(), newest_checkpoint(folder.path()), hooks);
    CHECK(result.steps == part + 1);
    CHECK(result.stopped == (part < 4));  // nothing is left to stop after the last
    if (part == 4) CHECK(m.hash() == straight.hash());
  }
}

// Kept states of a frozen decoder against computing them anew.
#include "gpt/train/features.h"

#include "gpt/ops/sum.h"
#include "support/errors.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

template <Head::Reads kReads>
class ReadingHead final : public TinyHead {
 public:
  using TinyHead::TinyHead;
  Reads reads() const override { return kReads; }
};

/// Frozen, with a head; dropout in the configuration, which a frozen decoder does not use.
Model frozen(Head::Reads reads) {
  Model m{Decoder::create(tiny_gpt2(), 1), nullptr};
  m.decoder->set_trainable(false);
  if (reads == Head::Reads::last)
    m.head = std::make_unique<ReadingHead<Head::Reads::last>>(48);
  else
    m.head = std::make_unique<ReadingHead<Head::Reads::tokens>>(48);
  return m;
}

/// Some examples with a second sequence.
std::vector<Example> examples_with_pairs(std::size_t count) {
  std::vector<Example> examples = tiny_examples(count);
  for (std::size_t i = 0; i < count; i += 3)
    if (examples[i].tokens.size() > 1) examples[i].starts = {1};
  return examples;
}

TrainResult train_kept(const Model& m, const std::vector<Example>& examples, const TrainOptions& options,
                       Threads& threads, const Features* features, const std::filesystem::path& folder = {},
                       const std::filesystem::path& resume = {}, const TrainHooks& hooks = {}) {
  return train(*m.decoder, *m.head, examples, options, threads, folder, resume, hooks, features);
}

}  // namespace

TEST_CASE("features: a head learns from kept states what it learns from the decoder") {
  Threads threads(2);
  const std::vector<Example> examples = tiny_examples(40);
  TrainOptions options = tiny_options(12);
  options.accumulation = 2;
  for (const Head::Reads reads : {Head::Reads::last, Head::Reads::tokens}) {
    const Model computed = frozen(reads), kept = frozen(reads);
    const Features features(*kept.decoder, *kept.head, examples, 7, threads);
    const TrainResult expected = train_kept(computed, examples, options, threads, nullptr);
    const TrainResult result = train_kept(kept, examples, options, threads, &features);
    REQUIRE(result.records.size() == expected.records.size());
    for (std::size_t i = 0; i < result.records.size(); ++i)
      CHECK(result.records[i].loss == Approx(expected.records[i].loss).margin(1e-6));
    CHECK(result.tokens == expected.tokens);
    const Tensor &a = kept.head->parameters()[0]->value, &b = computed.head->parameters()[0]->value;
    for (std::int64_t i = 0; i < a.size(); ++i) CHECK(a.data()[i] == Approx(b.data()[i]).margin(1e-6));
    const auto answers = infer(*kept.decoder, *kept.head, examples, 5, threads, {}, &features);
    const auto anew = infer(*kept.decoder, *kept.head, examples, 5, threads);
    for (std::size_t i = 0; i < examples.size(); ++i)
      for (std::size_t j = 0; j < 3; ++j) CHECK(answers[i].at(j) == Approx(anew[i].at(j)).margin(1e-6));
  }
}

TEST_CASE("features: the same bits on any number of threads and after an interruption") {
  const std::vector<Example> examples = tiny_examples(40);
  const TrainOptions options = tiny_options(8);
  std::string hash;
  for (const int count : {1, 2}) {
    Threads threads(count);
    const Model m = frozen(Head::Reads::last);
    const Features features(*m.decoder, *m.head, examples, 7, threads);
    train_kept(m, examples, options, threads, &features);
    if (hash.empty()) hash = m.hash();
    CHECK(m.hash() == hash);

    const TemporaryFolder folder;
    TrainHooks hooks;
    int steps = 0;
    hooks.stop_requested = [&] { return ++steps == 5; };
    const Model half = frozen(Head::Reads::last), resumed = frozen(Head::Reads::last);
    train_kept(half, examples, options, threads, &features, folder.path(), {}, hooks);
    train_kept(resumed, examples, options, threads, &features, folder.path(), folder / "checkpoint-5");
    CHECK(resumed.hash() == hash);
    const Model other = frozen(Head::Reads::last);
    CHECK_ERROR(train_kept(other, examples, options, threads, nullptr, folder.path(), folder / "checkpoint-5"),
                "mismatch", "its kept states is true, this run's is false");
  }
}

TEST_CASE("features: one row a sequence where the head reads one, and their size is known beforehand") {
  Threads threads(1);
  const std::vector<Example> examples = examples_with_pairs(10);
  const Model last = frozen(Head::Reads::last), tokens = frozen(Head::Reads::tokens);
  std::int64_t sequences = 0, rows = 0;
  for (const Example& e : examples) {
    sequences += static_cast<std::int64_t>(e.starts.size()) + 1;
    rows += static_cast<std::int64_t>(e.tokens.size());
  }
  CHECK(Features::bytes(*last.decoder, *last.head, examples) == sequences * 48 * 4);
  CHECK(Features::bytes(*tokens.decoder, *tokens.head, examples) == rows * 48 * 4);
  std::size_t told = 0;
  const Features features(*last.decoder, *last.head, examples, 4, threads, [&](std::size_t done) { told = done; });
  CHECK(told == 10);
  const std::vector<std::uint32_t> some{3, 1};
  Arena arena;
  Tape tape(arena, false);
  CHECK(features.hidden(tape, some).states.rows() == 3);
}

TEST_CASE("features: of a decoder that is being trained they are refused") {
  Threads threads(1);
  const std::vector<Example> examples = tiny_examples(6);
  const Model m = gpt2_classifier();
  const Features features(*m.decoder, *m.head, examples, 4, threads);
  CHECK_ERROR(train_kept(m, examples, tiny_options(1), threads, &features), "invalid_option",
              "states are kept of a decoder that is being trained");
}

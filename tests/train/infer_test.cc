// Answers in batches against answers one by one.
#include <algorithm>
#include <cmath>

#include "support/errors.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

std::vector<float> alone(const Model& m, const Example& example) {
  Batch batch;
  batch.add(example);
  Arena arena(std::size_t{1} << 30);
  Tape tape(arena, false);
  const Variable rows = m.head->forward(m.decoder->forward(tape, batch), batch);
  return {rows.value().values().begin(), rows.value().values().end()};
}

bool close(const std::vector<float>& a, const std::vector<float>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](float x, float y) { return std::abs(x - y) <= 1e-5F; });
}

}  // namespace

TEST_CASE("infer: in any batch what an example gets alone") {
  Threads threads(2);
  const std::vector<Example> examples = tiny_examples(23);
  for (const Model& m : {gpt2_classifier(), llama_adapters()})
    for (const std::int64_t size : {1, 4, 100}) {
      const auto outputs = infer(*m.decoder, *m.head, examples, size, threads);
      REQUIRE(outputs.size() == examples.size());
      for (std::size_t i = 0; i < examples.size(); ++i) {
        INFO("example " << i << " in batches of " << size);
        CHECK(outputs[i].size() == (m.head->per_token() ? examples[i].tokens.size() * 48 : 3));
        CHECK(close(outputs[i], alone(m, examples[i])));
      }
    }
}

TEST_CASE("infer: the same bits for any number of threads, and training leaves no trace") {
  const std::vector<Example> examples = tiny_examples(23);
  const Model m = gpt2_classifier();
  Threads one(1), two(2);
  const auto first = infer(*m.decoder, *m.head, examples, 5, one);
  CHECK(infer(*m.decoder, *m.head, examples, 5, two) == first);
  m.decoder->set_trainable(false);
  CHECK(infer(*m.decoder, *m.head, examples, 5, two) == first);
}

TEST_CASE("infer: progress counts up to all") {
  Threads threads(1);
  const Model m = gpt2_classifier();
  std::vector<std::size_t> done;
  infer(*m.decoder, *m.head, tiny_examples(7), 3, threads, [&](std::size_t n) { done.push_back(n); });
  CHECK(done == std::vector<std::size_t>{3, 6, 7});
  CHECK(infer(*m.decoder, *m.head, {}, 3, threads).empty());
}

TEST_CASE("infer: what cannot be") {
  Threads threads(1);
  const Model m = gpt2_classifier();
  CHECK_ERROR(infer(*m.decoder, *m.head, tiny_examples(2), 0, threads), "invalid_option",
              "the batch size must be a positive number, not 0");
  std::vector<Example> examples = tiny_examples(2);
  examples[0].tokens.assign(41, 1);
  CHECK_ERROR(infer(*m.decoder, *m.head, examples, 1, threads), "mismatch",
              "a sequence of 41 tokens is longer than the model's context of 40");
}

// Which examples each pass takes: all of them once an epoch, within the limits, of like length where asked.
#include "train/order.h"

#include <algorithm>
#include <numeric>

#include "support/errors.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

using Passes = std::vector<std::vector<std::uint32_t>>;

std::int64_t tokens_of(const std::vector<std::uint32_t>& pass, const std::vector<Example>& examples) {
  return std::accumulate(pass.begin(), pass.end(), std::int64_t{0}, [&](std::int64_t sum, std::uint32_t i) {
    return sum + static_cast<std::int64_t>(examples[i].tokens.size());
  });
}

/// The passes of an epoch, by steps.
std::vector<Passes> epoch(Order& order, std::int64_t from) {
  std::vector<Passes> steps;
  for (std::int64_t step = from; step == from || !order.ends_epoch(step); ++step) {
    steps.emplace_back();
    for (const auto& pass : order.passes(step)) steps.back().emplace_back(pass.begin(), pass.end());
  }
  return steps;
}

TrainOptions options_of(std::int64_t batch, std::int64_t tokens, bool grouped, std::int64_t accumulation = 1) {
  TrainOptions o;
  o.epochs = 3;
  o.batch_size = batch;
  o.max_batch_tokens = tokens;
  o.group_by_length = grouped;
  o.accumulation = accumulation;
  return o;
}

/// How much longer the longest of a pass is than its mean, over the passes.
double spread(const std::vector<Passes>& steps, const std::vector<Example>& examples) {
  double sum = 0, passes = 0;
  for (const Passes& step : steps)
    for (const auto& pass : step) {
      std::size_t longest = 0;
      for (const std::uint32_t i : pass) longest = std::max(longest, examples[i].tokens.size());
      sum += static_cast<double>(longest * pass.size()) / static_cast<double>(tokens_of(pass, examples));
      ++passes;
    }
  return sum / passes;
}

}  // namespace

TEST_CASE("order: an epoch has every example once, in passes within the limits") {
  const std::vector<Example> examples = tiny_examples(203);
  for (const auto& [batch, tokens] : {std::pair(7, 0), {0, 100}, {4, 90}, {300, 0}})
    for (const bool grouped : {false, true})
      for (const std::int64_t accumulation : {1, 3}) {
        INFO(batch << " sequences, " << tokens << " tokens, grouped " << grouped << ", accumulation " << accumulation);
        Order order(ExampleList(examples), options_of(batch, tokens, grouped, accumulation));
        std::int64_t first = 0;
        std::vector<std::vector<std::uint32_t>> seen;
        for (int e = 0; e < 3; ++e) {
          CHECK(order.epochs_after(first) == e);
          const std::vector<Passes> steps = epoch(order, first);
          std::vector<std::uint32_t> all;
          for (const Passes& step : steps) {
            CHECK(step.size() <= static_cast<std::size_t>(accumulation));
            for (const auto& pass : step) {
              CHECK_FALSE(pass.empty());
              if (batch > 0) CHECK(pass.size() <= static_cast<std::size_t>(batch));
              if (tokens > 0) CHECK(tokens_of(pass, examples) <= tokens);
              CHECK(tokens_of(pass, examples) <= order.largest_pass());
              all.insert(all.end(), pass.begin(), pass.end());
            }
          }
          seen.push_back(all);
          std::sort(all.begin(), all.end());
          std::vector<std::uint32_t> expected(203);
          std::iota(expected.begin(), expected.end(), 0U);
          CHECK(all == expected);
          first += static_cast<std::int64_t>(steps.size());
        }
        CHECK(order.steps() == first);
        CHECK(seen[0] != seen[1]);
        Order again(ExampleList(examples), options_of(batch, tokens, grouped, accumulation));
        CHECK(epoch(again, 0) == epoch(order, 0));
      }
}

TEST_CASE("order: sequences of like length come together") {
  const std::vector<Example> examples = tiny_examples(400);
  Order mixed(ExampleList(examples), options_of(8, 0, false)), grouped(ExampleList(examples), options_of(8, 0, true));
  CHECK(spread(epoch(mixed, 0), examples) > 1.5);
  const auto steps = epoch(grouped, 0);
  CHECK(spread(steps, examples) < 1.2);
  // and not from long to short: neighbours differ about as much as any two
  std::size_t rises = 0;
  for (std::size_t i = 1; i < steps.size(); ++i)
    rises += tokens_of(steps[i][0], examples) > tokens_of(steps[i - 1][0], examples) ? 1 : 0;
  CHECK(rises > steps.size() / 4);
}

TEST_CASE("order: parts of epochs, and epochs of different lengths") {
  const std::vector<Example> examples = tiny_examples(50);
  TrainOptions o = options_of(10, 0, false);
  o.epochs = 1.5;
  CHECK(Order(ExampleList(examples), o).steps() == 8);
  o.epochs = 0.01;
  CHECK(Order(ExampleList(examples), o).steps() == 1);
  o.max_steps = 77;
  CHECK(Order(ExampleList(examples), o).steps() == 77);
  o = options_of(0, 45, false);
  Order order(ExampleList(examples), o);
  const auto first = static_cast<std::int64_t>(epoch(order, 0).size());
  CHECK(order.steps_per_epoch() == first);
  CHECK(order.epochs_after(first) == 1);
  CHECK(order.epochs_after(first - 1) == Approx(1 - 1 / static_cast<double>(first)));
  CHECK(plan_training(examples, o).steps == order.steps());
}

TEST_CASE("order: an example that no pass can hold") {
  std::vector<Example> examples = tiny_examples(3);
  examples[1].tokens.assign(41, 1);
  CHECK_ERROR(Order(ExampleList(examples), options_of(0, 40, false)), "invalid_option",
              "example 2 has 41 tokens, and a pass may have 40; raise max_batch_tokens or cut the examples shorter");
}

TEST_CASE("order: a pass in parts of about the same number of tokens") {
  const std::vector<Example> examples = tiny_examples(203);
  for (const std::int64_t most : {0, 30, 100, 5000}) {
    TrainOptions o = options_of(16, 0, false);
    o.max_activation_tokens = most;
    Order order(ExampleList(examples), o);
    std::int64_t largest = 0, most_parts = 0;
    for (std::int64_t step = 0; step < order.steps(); ++step)
      for (const auto& pass : order.passes(step)) {
        const std::vector<std::uint32_t> whole(pass.begin(), pass.end());
        std::vector<std::uint32_t> together;
        std::int64_t parts = 0;
        for (const auto& part : order.parts(pass)) {
          const std::vector<std::uint32_t> some(part.begin(), part.end());
          together.insert(together.end(), some.begin(), some.end());
          const std::int64_t tokens = tokens_of(some, examples);
          if (most > 0) CHECK((tokens <= most || some.size() == 1));
          largest = std::max(largest, tokens);
          ++parts;
        }
        CHECK(together == whole);
        if (most != 30 && most != 100) CHECK(parts == 1);
        most_parts = std::max(most_parts, parts);
      }
    CHECK(order.largest().part == largest);
    CHECK(order.largest().parts == most_parts);
  }
}

TEST_CASE("order: a seed of its own") {
  const std::vector<Example> examples = tiny_examples(60);
  TrainOptions plain = options_of(4, 0, true), own = plain, other = plain;
  own.data_seed = 7;
  own.seed = 1;
  other.seed = 7;
  Order of_seed(ExampleList(examples), plain), of_data_seed(ExampleList(examples), own),
      expected(ExampleList(examples), other);
  CHECK(epoch(of_data_seed, 0) == epoch(expected, 0));
  CHECK(epoch(of_data_seed, 0) != epoch(of_seed, 0));
}

// Beam search on probabilities small enough to follow by hand. Token 0 ends a continuation.
#include <cmath>

#include "generate/search.h"
#include "support/catch.h"

using namespace gpt;

namespace {

using Rows = std::vector<std::vector<double>>;  // of each row of the step, probabilities of the next token

struct Fixture {
  explicit Fixture(const GenerateOptions& options)
      : rules{options, {0}, LogitsProcessors(options, std::vector<std::int32_t>{0}), 100, 3},
        search(beam_search(std::vector<std::int32_t>{1}, rules)) {}

  std::vector<Continuation> step(const Rows& rows) {
    std::vector<float> logits;
    for (const auto& row : rows)
      for (const double p : row) logits.push_back(static_cast<float>(std::log(p)));
    return search->step(logits);
  }

  SearchRules rules;
  std::unique_ptr<Search> search;
};

GenerateOptions beams(std::int32_t count, EarlyStopping stopping, double length_penalty = 1) {
  GenerateOptions options;
  options.num_beams = count;
  options.early_stopping = stopping;
  options.length_penalty = length_penalty;
  return options;
}

}  // namespace

TEST_CASE("early_stopping: what may still come counts as far as the rule looks") {
  const Rows first{{0.6, 0.4, 1e-9}};
  for (const EarlyStopping stopping : {EarlyStopping::no, EarlyStopping::yes}) {
    Fixture f(beams(1, stopping));
    CHECK(f.step(first).empty());  // log 0.4 < log 0.6
    CHECK(f.search->result(0).tokens == std::vector<std::int32_t>{0});
    CHECK(f.search->result(0).score == Approx(std::log(0.6)));
    CHECK(f.search->result(0).reason == StopReason::end_token);
  }
  Fixture f(beams(1, EarlyStopping::never));
  REQUIRE(f.step(first).size() == 1);  // log 0.4 / 20 > log 0.6
  f.step({{1 - 2e-9, 1e-9, 1e-9}});
  CHECK(f.search->result(0).tokens == std::vector<std::int32_t>{1, 0});
  CHECK(f.search->result(0).score == Approx(std::log(0.4) / 2));
}

TEST_CASE("a search goes on until num_beams continuations have ended") {
  Fixture f(beams(2, EarlyStopping::yes));
  auto rows = f.step({{0.6, 0.3, 0.1}});
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].token == 1);
  CHECK(rows[1].token == 2);
  CHECK(f.search->certain(0).empty());
  // Row 0 ends with 0.3 * 0.5, second best after row 0 with token 2.
  rows = f.step({{0.4, 0.05, 0.55}, {0.2, 0.4, 0.4}});
  CHECK(rows.empty());
  CHECK(f.search->result(0).tokens == std::vector<std::int32_t>{0});
  CHECK(f.search->certain(0).size() == 1);
}

TEST_CASE("an end that is not among the num_beams best candidates does not count") {
  Fixture f(beams(2, EarlyStopping::no));
  auto rows = f.step({{0.2, 0.5, 0.3}});
  REQUIRE(rows.size() == 2);
  // 0.5 * 0.5 and 0.3 * 0.6 go on; ends with 0.5 * 0.3 and 0.3 * 0.1 are third and later.
  rows = f.step({{0.3, 0.5, 0.2}, {0.1, 0.6, 0.3}});
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].parent == 0);
  CHECK(rows[1].parent == 1);
  CHECK(f.search->result(0).tokens == std::vector<std::int32_t>{1, 1});  // the best running one
  CHECK(f.search->result(0).score == Approx(std::log(0.25) / 2));
  CHECK(f.search->result(0).reason == StopReason::requested);
}

TEST_CASE("length_penalty divides by the tokens' number to its power") {
  for (const double penalty : {0.0, 0.5, 2.0}) {
    Fixture f(beams(1, EarlyStopping::no, penalty));
    REQUIRE(f.step({{0.1, 0.8, 0.1}}).size() == 1);
    f.step({{0.9, 0.05, 0.05}});
    CHECK(f.search->result(0).score == Approx(std::log(0.8 * 0.9) / std::pow(2.0, penalty)));
  }
}

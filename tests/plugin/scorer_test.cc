#include "gpt/plugin/scorer.h"

#include "gpt/core/error.h"
#include "support/catch.h"
#include "support/errors.h"

TEST_CASE("a scorer adds up the rows that are asked for, as often as they are", "[plugin]") {
  const gpt::SumScorer scorer(2, {1, 10, 2, 20, 4, 40}, [](std::span<const double> sums, double rows) {
    return gpt::SumScorer::Json{{"first", sums[0]}, {"mean", sums[1] / rows}};
  });
  CHECK(scorer.rows() == 3);
  CHECK(scorer.all().dump() == R"({"first":7.0,"mean":23.333333333333332})");
  CHECK(scorer.metrics(std::vector<std::uint32_t>{2, 0, 2}).dump() == R"({"first":9.0,"mean":30.0})");
}

TEST_CASE("the rows of two systems stand one after the other, so that a choice can mix them", "[plugin]") {
  const auto mean = [](std::span<const double> sums, double rows) {
    return gpt::SumScorer::Json{{"mean", sums[0] / rows}};
  };
  const gpt::SumScorer one(1, {1, 2}, mean), other(1, {10, 20}, mean), wide(2, {1, 2}, mean);
  const auto both = one.followed_by(other);
  CHECK(both->rows() == 4);
  CHECK(both->metrics(std::vector<std::uint32_t>{0, 3}).dump() == R"({"mean":10.5})");
  CHECK_THAT(gpt::test::error_of([&] { one.followed_by(wide); }),
             Catch::Contains("rows of 1 and of 2 statistics cannot be exchanged; take --paired_test bootstrap"));
}

TEST_CASE("statistics that are no whole rows are refused", "[plugin]") {
  CHECK_THAT(gpt::test::error_of([] {
               gpt::SumScorer(2, {1, 2, 3}, {});
             }),
             Catch::Contains("3 statistics are no rows of 2"));
  CHECK_THAT(gpt::test::error_of([] { gpt::SumScorer(0, {}, {}); }), Catch::Contains("no rows of 0"));
}

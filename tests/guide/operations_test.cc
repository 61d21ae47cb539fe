// The formulas of the guide, as written, against the operations of libgpt: values and gradients.
#include "operations.h"

#include "formulas.h"
#include "support/errors.h"

using namespace gpt::test;

TEST_CASE("guide: every operation agrees with its formulas, forward and backward") {
  for (const std::string& name : plain::operation_names())
    for (const plain::Numbers& numbers : {plain::Numbers{}, {1, 4, 40}, {7, 12, 80}, {70, 6, 120}, {130, 34, 160}}) {
      INFO(name << ", " << numbers.tokens << " tokens of " << numbers.width);
      const plain::Comparison lines = plain::compare(name, numbers);
      std::size_t compared = 0;
      for (const plain::Line& line : lines) {
        if (line.libgpt.values.empty()) continue;
        ++compared;
        INFO(line.name);
        CHECK(line.libgpt.values.size() == line.formula.values.size());
        CHECK(plain::difference({line}) <= 5e-5);
      }
      CHECK(compared > 0);
    }
}

TEST_CASE("guide: a difference is found") {
  plain::Comparison lines = plain::compare("layer_norm", {});
  CHECK(plain::difference(lines) < 1e-5);
  lines.back().formula.values.back() += 0.01;
  CHECK(plain::difference(lines) > 1e-3);
}

TEST_CASE("guide: an operation that is not there is named") {
  CHECK_ERROR(plain::compare("convolution", {}), "invalid_option", "no operation is named \"convolution\"; there are");
}

TEST_CASE("guide: clipping leaves small gradients alone and shortens others to the limit") {
  CHECK(plain::clip_factor(0.5, 1) == 1.0);
  CHECK(plain::clip_factor(4, 1) * 4 == Approx(1).margin(1e-5));
}

#include "operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "comparisons.h"
#include "gpt/core/error.h"
#include "gpt/core/random.h"

namespace plain {
namespace {

struct Entry {
  const char* name;
  Comparison (*compare)(Numbers&);
};

constexpr std::array kOperations{
    Entry{"embedding", compare_embedding},
    Entry{"rotary", compare_rotary},
    Entry{"softmax", compare_softmax},
    Entry{"attention", [](Numbers& n) { return compare_attention(n, 0); }},
    Entry{"window_attention", [](Numbers& n) { return compare_attention(n, 2); }},
    Entry{"linear", compare_linear},
    Entry{"lora", compare_lora},
    Entry{"layer_norm", [](Numbers& n) { return compare_norm(n, false); }},
    Entry{"rms_norm", [](Numbers& n) { return compare_norm(n, true); }},
    Entry{"head_norm", compare_head_norm},
    Entry{"residual", compare_residual},
    Entry{"gelu", [](Numbers& n) { return compare_gelu(n, false); }},
    Entry{"exact_gelu", [](Numbers& n) { return compare_gelu(n, true); }},
    Entry{"swiglu", compare_swiglu},
    Entry{"dropout", compare_dropout},
    Entry{"pool", compare_pool},
    Entry{"cross_entropy", compare_cross_entropy},
    Entry{"smoothed_cross_entropy", compare_smoothed},
    Entry{"binary_cross_entropy", compare_binary},
    Entry{"squared_error", compare_squared},
    Entry{"span_cross_entropy", compare_span},
    Entry{"adamw", compare_adamw},
};

}  // namespace

Matrix Numbers::matrix(std::size_t rows, std::size_t columns) {
  gpt::Random random(seed++);
  Matrix out(rows, columns);
  for (double& value : out.values) value = std::round(100 * static_cast<double>(random.normal())) / 100;
  return out;
}

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const Entry& entry : kOperations) names.emplace_back(entry.name);
  return names;
}

Comparison compare(const std::string& operation, Numbers numbers) {
  for (const Entry& entry : kOperations)
    if (entry.name == operation) return entry.compare(numbers);
  gpt::fail(gpt::ErrorCode::invalid_option, "no operation is named \"{}\"; there are {}", operation,
            fmt::join(operation_names(), ", "));
}

double difference(const Comparison& comparison) {
  double worst = 0;
  for (const Line& line : comparison)
    for (std::size_t i = 0; i < line.libgpt.values.size(); ++i) {
      const double expected = line.formula.values.at(i);
      const double error = std::abs(expected - line.libgpt.values[i]) / std::max(1.0, std::abs(expected));
      if (!(error <= worst)) worst = error;
    }
  return worst;
}

}  // namespace plain

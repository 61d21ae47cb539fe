// What an evaluation keeps of its rows, so that any choice of them can be scored again: for intervals and paired tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

namespace gpt {

/// Rows -> metrics. What is costly (n-grams, edit distances, an argmax over logits) is done when a scorer is made; then
/// thousands of choices of its rows are scored.
class Scorer {
 public:
  virtual ~Scorer();
  virtual std::size_t rows() const = 0;
  /// Name -> number, null or NaN where it is not defined, of these rows (0-based, in any order, some more than once);
  /// always the same names.
  virtual nlohmann::ordered_json metrics(std::span<const std::uint32_t> rows) const = 0;

  /// Of all rows.
  nlohmann::ordered_json all() const;
};

/// The usual scorer: a row is a few numbers, and metrics are made of their sums.
///
///     std::vector<double> right = ...;                                 // a row: {1} or {0}
///     gpt::SumScorer(1, right, [](auto sums, double rows) { return gpt::SumScorer::Json{{"accuracy", sums[0] / rows}};
///     });
class SumScorer : public Scorer {
 public:
  using Json = nlohmann::ordered_json;
  using Formula = std::function<Json(std::span<const double> sums, double rows)>;

  /// `statistics`: [rows, width]. Error mismatch if its length is no multiple of the width.
  SumScorer(std::size_t width, std::vector<double> statistics, Formula formula);
  std::size_t rows() const override { return statistics_.size() / width_; }
  Json metrics(std::span<const std::uint32_t> rows) const override;

  /// The formula itself.
  Json of_sums(std::span<const double> sums, double rows) const { return formula_(sums, rows); }
  std::size_t width() const noexcept { return width_; }
  std::span<const double> row(std::size_t i) const { return std::span(statistics_).subspan(i * width_, width_); }

 private:
  std::size_t width_;
  std::vector<double> statistics_;
  Formula formula_;
};

}  // namespace gpt

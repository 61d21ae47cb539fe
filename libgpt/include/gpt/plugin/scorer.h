// What an evaluation keeps of its rows, so that any choice of them can be scored again: for intervals and paired tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "gpt/core/error.h"

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
  /// Two systems on the same rows as one scorer: this one's rows, then the other's, so that a choice of rows can mix
  /// them. Error mismatch where they are scored in different ways.
  virtual std::shared_ptr<const Scorer> followed_by(const Scorer& other) const = 0;
  /// Of a scorer that joins the metrics of several: the first; others have none.
  virtual const Scorer* first_part() const { return nullptr; }

  /// Of all rows.
  nlohmann::ordered_json all() const;
};

/// For followed_by: the other scorer, or the first part of it, as one of the type T. Error mismatch.
template <typename T>
const T& same_kind(const Scorer& other) {
  if (const T* same = dynamic_cast<const T*>(&other)) return *same;
  if (const Scorer* part = other.first_part()) return same_kind<T>(*part);
  fail(ErrorCode::mismatch,
       "the two systems are scored in different ways, so their rows cannot be exchanged; take "
       "--paired_test bootstrap");
}

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
  std::shared_ptr<const Scorer> followed_by(const Scorer& other) const override;

 private:
  std::size_t width_;
  std::vector<double> statistics_;
  Formula formula_;
};

}  // namespace gpt

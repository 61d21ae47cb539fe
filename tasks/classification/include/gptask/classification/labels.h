// What a row's answer may be, and how its field in a file becomes a target.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/data/example.h"

namespace gptask {

/// One label, any number of labels, or a number; named as Transformers' problem_type.
enum class Problem { single_label, multi_label, regression };
std::string_view problem_name(Problem problem) noexcept;
/// Error invalid_option for another name.
Problem parse_problem(std::string_view name);

/// The labels of a training file, learned row by row, and the target of a row.
class Labels {
 public:
  Problem problem = Problem::single_label;
  std::string delimiter;  ///< multi-label: between the labels of a field; "" : a JSON list, or separated by spaces

  /// In the order of the head's outputs. Regression: one, "value".
  const std::vector<std::string>& names() const noexcept { return names_; }
  /// Rows of the training file with each label.
  const std::vector<std::int64_t>& counts() const noexcept { return counts_; }
  std::int64_t rows() const noexcept { return rows_; }
  double mean() const noexcept { return mean_; }  ///< regression: of the training file

  /// A training row; its target names labels by the order they were met in, until finish(). Errors say where.
  void learn(const std::string& field, const std::string& where, gpt::Target& target);
  /// Orders the labels; every target that learn() made must then be renumbered, which also counts it.
  void finish(const std::string& source);
  void renumber(gpt::Target& target);
  /// The target of a row of another file. Error mismatch for a label that was not learned.
  gpt::Target target(const std::string& field, const std::string& where) const;
  /// Labels that are columns of their own (0 or 1 in each): known before any row.
  void set_columns(const std::vector<std::string>& names);

  /// A target as a person reads it; "" where it is unknown.
  std::string shown(const gpt::Target& target) const;

  nlohmann::ordered_json state() const;
  void restore(const nlohmann::ordered_json& state);

 private:
  std::vector<std::string> split(const std::string& field, const std::string& where) const;
  std::int32_t index(const std::string& label, const std::string& where) const;
  gpt::Target target_of_columns(const std::string& field, const std::string& where) const;
  void count(const gpt::Target& target);

  std::vector<std::string> names_;
  std::vector<std::int64_t> counts_;
  std::int64_t rows_ = 0;
  double mean_ = 0, sum_ = 0;
  bool columns_ = false;                     ///< a column a label
  std::map<std::string, std::int32_t> met_;  ///< while learning
  std::vector<std::int32_t> place_;          ///< of a label met, after finish()
};

/// Several columns of 0 and 1 travel as one field: "0,1,1".
inline constexpr char label_column_separator = ',';

}  // namespace gptask

#include "gptask/classification/labels.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "gpt/core/error.h"
#include "gpt/core/options.h"
#include "gptask/toolkit/labels.h"

namespace gptask {
namespace {

using gpt::ErrorCode;
using gpt::fail;

constexpr std::size_t most_labels_shown = 20;

std::string quoted_list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most_labels_shown); ++i)
    text += fmt::format("{}\"{}\"", i > 0 ? ", " : "", names[i]);
  return names.size() > most_labels_shown ? fmt::format("{} and {} more", text, names.size() - most_labels_shown)
                                          : text;
}

std::vector<std::string> split_at(std::string_view text, std::string_view delimiter, bool keep_empty = false) {
  constexpr std::string_view space = " \t";
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(delimiter, begin), text.size());
    std::string_view part = text.substr(begin, end - begin);
    part.remove_prefix(std::min(part.find_first_not_of(space), part.size()));
    part = part.substr(0, part.find_last_not_of(space) + 1);
    if (keep_empty || !part.empty()) parts.emplace_back(part);
    begin = end + delimiter.size();
  }
  return parts;
}

/// ["a", "b"] or [1, 2]
std::vector<std::string> from_json_list(const std::string& field, const std::string& where) {
  const nlohmann::json list = nlohmann::json::parse(field, nullptr, false);
  std::vector<std::string> labels;
  if (!list.is_array()) fail(ErrorCode::malformed, "{}: the labels are no JSON list: {}", where, field);
  for (const nlohmann::json& item : list) {
    if (item.is_array() || item.is_object() || item.is_null())
      fail(ErrorCode::malformed, "{}: {} is no label", where, item.dump());
    labels.push_back(item.is_string() ? item.get<std::string>() : item.dump());
  }
  return labels;
}

double number_of(const std::string& field, const std::string& where) {
  double value = 0;
  if (!parse_number(field, value))
    fail(ErrorCode::malformed, "{}: the label \"{}\" is no number, and the problem is regression", where, field);
  return value;
}

}  // namespace

std::string_view problem_name(Problem problem) noexcept {
  switch (problem) {
    case Problem::single_label:
      return "single_label_classification";
    case Problem::multi_label:
      return "multi_label_classification";
    case Problem::regression:
      return "regression";
  }
  return "";
}

Problem parse_problem(std::string_view name) {
  for (const Problem problem : {Problem::single_label, Problem::multi_label, Problem::regression})
    if (problem_name(problem) == name) return problem;
  fail(ErrorCode::invalid_option,
       "--problem_type takes one of single_label_classification, multi_label_classification, regression, not \"{}\"",
       name);
}

std::vector<std::string> Labels::split(const std::string& field, const std::string& where) const {
  std::vector<std::string> labels;
  if (problem == Problem::single_label)
    labels = {field};
  else if (!field.empty() && field.front() == '[')
    labels = from_json_list(field, where);
  else
    labels = split_at(field, delimiter.empty() ? " " : delimiter);
  std::set<std::string> seen;
  for (const std::string& label : labels)
    if (!seen.insert(label).second) fail(ErrorCode::malformed, "{}: the label \"{}\" stands there twice", where, label);
  return labels;
}

gpt::Target Labels::target_of_columns(const std::string& field, const std::string& where) const {
  gpt::Target target;
  const std::vector<std::string> parts = split_at(field, std::string_view(&label_column_separator, 1), true);
  for (std::size_t i = 0; i < names_.size(); ++i) {
    double value = -1;
    if (i >= parts.size() || !parse_number(parts[i], value) || (value != 0 && value != 1))
      fail(ErrorCode::malformed, "{}: the label column \"{}\" has \"{}\"; where labels are columns, each has 0 or 1",
           where, names_[i], i < parts.size() ? parts[i] : "");
    target.values.push_back(static_cast<float>(value));
  }
  return target;
}

void Labels::set_columns(const std::vector<std::string>& names) {
  problem = Problem::multi_label;
  columns_ = true;
  names_ = names;
  counts_.assign(names.size(), 0);
}

void Labels::learn(const std::string& field, const std::string& where, gpt::Target& target) {
  ++rows_;
  if (problem == Problem::regression) {
    sum_ += number_of(field, where);
    target.values = {static_cast<float>(number_of(field, where))};
    return;
  }
  if (columns_) {
    target = target_of_columns(field, where);
    return count(target);
  }
  const auto number = [&](const std::string& label) {
    return met_.try_emplace(label, static_cast<std::int32_t>(met_.size())).first->second;
  };
  const std::vector<std::string> labels = split(field, where);
  if (problem == Problem::single_label) {
    target.label = number(labels.front());
    return;
  }
  target.values.clear();  // the numbers of the labels that hold, until renumber()
  for (const std::string& label : labels) target.values.push_back(static_cast<float>(number(label)));
}

void Labels::count(const gpt::Target& target) {
  if (target.label >= 0) ++counts_[static_cast<std::size_t>(target.label)];
  for (std::size_t i = 0; i < target.values.size() && i < counts_.size(); ++i)
    if (target.values[i] == 1.0F) ++counts_[i];
}

void Labels::finish(const std::string& source) {
  if (problem == Problem::regression) {
    names_ = {"value"};
    counts_ = {rows_};
    mean_ = sum_ / static_cast<double>(rows_);
    return;
  }
  if (columns_) return;
  if (met_.size() < 2)
    fail(ErrorCode::malformed,
         "{}: every row has the label \"{}\"; a classifier needs two labels or more (is --label_column right?)", source,
         met_.empty() ? "" : met_.begin()->first);
  names_.clear();
  for (const auto& [label, number] : met_) names_.push_back(label);
  sort_labels(names_);
  place_.assign(names_.size(), 0);
  for (std::size_t i = 0; i < names_.size(); ++i)
    place_[static_cast<std::size_t>(met_.at(names_[i]))] = static_cast<std::int32_t>(i);
  met_.clear();
  counts_.assign(names_.size(), 0);
}

void Labels::renumber(gpt::Target& target) {
  if (columns_ || problem == Problem::regression) return;
  if (problem == Problem::single_label) {
    target.label = place_[static_cast<std::size_t>(target.label)];
  } else {
    std::vector<float> values(names_.size(), 0.0F);
    for (const float met : target.values) values[static_cast<std::size_t>(place_[static_cast<std::size_t>(met)])] = 1;
    target.values = std::move(values);
  }
  count(target);
}

std::int32_t Labels::index(const std::string& label, const std::string& where) const {
  const auto found = std::find(names_.begin(), names_.end(), label);
  if (found != names_.end()) return static_cast<std::int32_t>(found - names_.begin());
  const std::string nearest = gpt::nearest_name(label, names_);
  fail(ErrorCode::mismatch, "{}: the label \"{}\" is none of those learned in training: {}{}", where, label,
       quoted_list(names_), nearest.empty() ? "" : fmt::format("; did it mean \"{}\"?", nearest));
}

gpt::Target Labels::target(const std::string& field, const std::string& where) const {
  if (columns_) return target_of_columns(field, where);
  gpt::Target target;
  if (problem == Problem::regression) {
    target.values = {static_cast<float>(number_of(field, where))};
    return target;
  }
  if (problem == Problem::multi_label) target.values.assign(names_.size(), 0.0F);
  for (const std::string& label : split(field, where)) {
    const std::int32_t i = index(label, where);
    if (problem == Problem::single_label)
      target.label = i;
    else
      target.values[static_cast<std::size_t>(i)] = 1;
  }
  return target;
}

std::string Labels::shown(const gpt::Target& target) const {
  if (problem == Problem::single_label)
    return target.label < 0 ? "" : names_.at(static_cast<std::size_t>(target.label));
  if (problem == Problem::regression) return target.values.empty() ? "" : fmt::format("{:g}", target.values.front());
  std::string text;
  for (std::size_t i = 0; i < target.values.size(); ++i)
    if (target.values[i] == 1.0F) text += (text.empty() ? "" : ", ") + names_.at(i);
  return text;
}

nlohmann::ordered_json Labels::state() const {
  nlohmann::ordered_json state;
  state["labels"] = names_;
  state["label_counts"] = counts_;
  state["problem"] = problem_name(problem);
  if (problem == Problem::multi_label) {
    state["label_delimiter"] = delimiter;
    state["label_columns"] = columns_;
  }
  state["training_rows"] = rows_;
  if (problem == Problem::regression) state["training_mean"] = mean_;
  return state;
}

void Labels::restore(const nlohmann::ordered_json& state) {
  state.at("labels").get_to(names_);
  state.at("label_counts").get_to(counts_);
  problem = parse_problem(state.value("problem", std::string(problem_name(Problem::single_label))));
  delimiter = state.value("label_delimiter", "");
  columns_ = state.value("label_columns", false);
  rows_ = state.value("training_rows", std::int64_t{0});
  mean_ = state.value("training_mean", 0.0);
  std::vector<std::string> sorted = names_;
  std::sort(sorted.begin(), sorted.end());
  const bool twice = std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
  const std::size_t least = problem == Problem::single_label ? 2 : 1;
  if (names_.size() < least || twice || counts_.size() != names_.size())
    fail(ErrorCode::malformed,
         "the saved state of the task needs two or more different labels, each with its count; it has {}",
         state.at("labels").dump());
}

}  // namespace gptask

// What an evaluation found, of any number of systems on any number of files: one table in several forms.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gptask {

/// One system (a model, a file of predictions, a trivial answer) on one file.
struct SystemScores {
  std::string system, file;
  bool baseline = false;
  std::uint64_t rows = 0;                                               ///< scored
  nlohmann::ordered_json metrics = nlohmann::ordered_json::object();    ///< name -> number or null
  nlohmann::ordered_json intervals = nlohmann::ordered_json::object();  ///< name -> [low, high] or null
  nlohmann::ordered_json speed = nlohmann::ordered_json::object();      ///< examples_per_second, latency_median_ms, ...
};

/// Two systems on one file.
struct Comparison {
  std::string first, second, file, test;
  nlohmann::ordered_json metrics;  ///< as paired_test gives them
};

struct EvaluationTable {
  std::string title, main_metric;
  std::vector<SystemScores> systems;  ///< baselines after the systems of their file
  std::vector<Comparison> comparisons;
  nlohmann::ordered_json notes = nlohmann::ordered_json::object();  ///< how figures were made: signatures, resamples
};

/// For a terminal: a block a file, a line a metric, a column a system, the interval beside each figure.
std::string table_text(const EvaluationTable& table);
/// A line a figure: file,system,baseline,rows,metric,value,low,high (RFC 4180).
std::string table_csv(const EvaluationTable& table);
nlohmann::ordered_json table_json(const EvaluationTable& table);
/// report.html of an evaluation of several systems.
std::string table_html(const EvaluationTable& table);

}  // namespace gptask

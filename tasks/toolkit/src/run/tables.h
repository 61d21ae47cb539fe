// Figures, intervals and comparisons of systems, put into a table.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gptask/toolkit/bootstrap.h"
#include "gptask/toolkit/evaluation_table.h"
#include "gptask/toolkit/scorers.h"

namespace gptask {

class TableBuilder {
 public:
  struct Cell {
    std::string system, file;
  };
  TableBuilder(EvaluationTable& table, const BootstrapOptions& bootstrap, const PairedOptions& paired)
      : table_(table), bootstrap_(bootstrap), paired_(paired) {}

  /// A system on a file. `scorer` may be null: then there are the metrics alone.
  void add(const Cell& cell, ScorerPointer scorer, const nlohmann::ordered_json& more_metrics = {},
           const nlohmann::ordered_json& speed = nlohmann::ordered_json::object());
  void add_baseline(const Cell& cell, const ScorerPointer& scorer);
  /// How figures on a file were made; where another file's were made otherwise, the note names the file.
  void add_signatures(const std::string& file, const nlohmann::ordered_json& signatures);
  /// Each system that was added against the first on the same file.
  void compare();
  /// How intervals and tests were made.
  void add_notes();

 private:
  struct Entry {
    Cell cell;
    ScorerPointer scorer;
  };
  EvaluationTable& table_;
  BootstrapOptions bootstrap_;
  PairedOptions paired_;
  std::vector<Entry> entries_;
};

/// evaluation.txt, evaluation.csv and, last, evaluation.json.
void write_table(const EvaluationTable& table, const std::filesystem::path& folder);

}  // namespace gptask

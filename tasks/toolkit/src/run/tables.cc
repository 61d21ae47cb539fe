#include "run/tables.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/io/atomic_file.h"
#include "run/results.h"

namespace gptask {

void TableBuilder::add(const Cell& cell, ScorerPointer scorer, const Json& more_metrics, const Json& speed) {
  SystemScores scores{cell.system, cell.file};
  if (scorer) {
    scores.rows = scorer->rows();
    scores.metrics = scorer->all();
    scores.intervals = bootstrap_intervals(*scorer, bootstrap_);
    entries_.push_back({cell, std::move(scorer)});
  }
  if (more_metrics.is_object()) scores.metrics.update(more_metrics);
  scores.speed = speed;
  table_.systems.push_back(std::move(scores));
}

void TableBuilder::add_baseline(const Cell& cell, const ScorerPointer& scorer) {
  SystemScores scores{cell.system,    cell.file,     true,
                      scorer->rows(), scorer->all(), bootstrap_intervals(*scorer, bootstrap_)};
  table_.systems.push_back(std::move(scores));
}

void TableBuilder::add_signatures(const std::string& file, const Json& signatures) {
  for (const auto& [name, signature] : signatures.items()) {
    const auto known = table_.notes.find(name);
    const bool differs = known != table_.notes.end() && *known != signature;
    table_.notes[differs ? fmt::format("{} on {}", name, file) : name] = signature;
  }
}

void TableBuilder::compare() {
  const bool bootstrap = paired_.test == PairedTest::bootstrap;
  const auto samples = paired_.samples > 0 ? paired_.samples : bootstrap ? 1000 : 10000;
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    const auto first =
        std::find_if(entries_.begin(), entry, [&](const Entry& e) { return e.cell.file == entry->cell.file; });
    if (first == entry || first->scorer->rows() != entry->scorer->rows()) continue;
    table_.comparisons.push_back(
        {first->cell.system, entry->cell.system, entry->cell.file,
         fmt::format("{}, {} samples", bootstrap ? "paired bootstrap" : "approximate randomization", samples),
         paired_test(*first->scorer, *entry->scorer, paired_)});
  }
}

void TableBuilder::add_notes() {
  if (bootstrap_.samples > 0)
    table_.notes["intervals"] =
        fmt::format("95 %, percentiles of {} bootstrap samples, seed {}", bootstrap_.samples, bootstrap_.seed);
}

void write_table(const EvaluationTable& table, const std::filesystem::path& folder) {
  gpt::write_file_atomically(folder / "evaluation.txt", table_text(table));
  gpt::write_file_atomically(folder / "evaluation.csv", table_csv(table));
  write_json(folder / "evaluation.json", table_json(table));
}

}  // namespace gptask

#include "benchmark_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace gptask::app {
namespace {

using Json = nlohmann::ordered_json;

/// A column: the field it shows, its heading, and how many digits follow the point; -1: shown as it is.
struct Column {
  const char* field;
  const char* heading;
  int digits = -1;
  double factor = 1;
};

using Columns = std::vector<Column>;

const Columns kMachine = {{"threads", "threads"},
                          {"float32_gflops", "float32 GFLOP/s", 0},
                          {"bfloat16_gflops", "bfloat16 GFLOP/s", 0},
                          {"int8_gops", "int8 GOP/s", 0},
                          {"memory_gb_per_second", "memory GB/s", 1}};
const Columns kSteps = {{"task", "task"},
                        {"tuning", "tuning"},
                        {"precision", "precision"},
                        {"threads", "threads"},
                        {"batch_size", "batch"},
                        {"length", "length"},
                        {"seconds", "seconds", 3},
                        {"tokens_per_second", "tokens/s", 1},
                        {"gflops", "GFLOP/s", 1},
                        {"limit_gflops", "of", 0},
                        {"share_of_peak", "% of peak", 1, 100},
                        {"peak_memory_gb", "peak GB", 2}};
const Columns kPrompt = {{"precision", "precision"},
                         {"threads", "threads"},
                         {"tokens", "tokens"},
                         {"tokens_per_second", "tokens/s", 1},
                         {"gflops", "GOP/s", 1},
                         {"limit_gflops", "of", 0},
                         {"share_of_peak", "% of peak", 1, 100},
                         {"peak_memory_gb", "peak GB", 2}};
const Columns kDecoding = {{"precision", "precision"},           {"threads", "threads"},
                           {"sequences", "sequences"},           {"beams", "beams"},
                           {"tokens_per_second", "tokens/s", 1}, {"gb_per_second", "GB/s", 1},
                           {"limit_gb_per_second", "of", 1},     {"share_of_bandwidth", "% of bandwidth", 1, 100},
                           {"peak_memory_gb", "peak GB", 2}};

std::string cell(const Json& row, const Column& column) {
  const auto found = row.find(column.field);
  if (found == row.end()) return "";
  if (found->is_string()) return found->get<std::string>();
  if (column.digits < 0) return found->dump();
  return fmt::format("{:.{}f}", found->get<double>() * column.factor, column.digits);
}

/// Words to the left, numbers to the right; columns that no row fills are left out.
void print_table(const char* heading, const Json& rows, const Columns& columns) {
  std::vector<std::string> lines(rows.size() + 1);
  for (const Column& column : columns) {
    std::vector<std::string> cells = {column.heading};
    for (const Json& row : rows) cells.push_back(cell(row, column));
    if (std::all_of(cells.begin() + 1, cells.end(), [](const std::string& text) { return text.empty(); })) continue;
    std::size_t width = 0;
    for (const std::string& text : cells) width = std::max(width, text.size());
    const bool words = rows[0].at(column.field).is_string();
    for (std::size_t i = 0; i < cells.size(); ++i)
      lines[i] += words ? fmt::format("  {:<{}}", cells[i], width) : fmt::format("  {:>{}}", cells[i], width);
  }
  fmt::print("\n{}\n", heading);
  for (const std::string& line : lines) fmt::print("{}\n", line);
}

}  // namespace

void print_benchmark(const Json& output) {
  const Json& model = output.at("model");
  fmt::print("{}: {:.1f} million parameters, {:.1f} in the blocks, {:.1f} in the output projection\n",
             model.at("name").get<std::string>(), model.at("parameters").get<double>() / 1e6,
             model.at("block_weights").get<double>() / 1e6, model.at("output_weights").get<double>() / 1e6);
  struct Table {
    const char *name, *heading;
    const Columns& columns;
  };
  for (const Table& table : {Table{"machine", "This machine", kMachine},
                             {"training", "Training steps", kSteps},
                             {"evaluation", "Evaluation", kSteps},
                             {"prompt", "Reading a prompt", kPrompt},
                             {"decoding", "Writing", kDecoding}})
    if (const auto found = output.find(table.name); found != output.end() && !found->empty())
      print_table(table.heading, *found, table.columns);
}

}  // namespace gptask::app

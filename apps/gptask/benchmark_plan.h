// gptask benchmark: what is to be measured, one row after the other.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gpt/core/options.h"
#include "gpt/model/config.h"
#include "gptask/toolkit/benchmark.h"

namespace gptask::app {

/// A model from files, or random weights in a shape.
struct BenchmarkModel {
  std::string name;        ///< as it was given
  bool random = false;     ///< name is a --config-name
  gpt::ModelConfig shape;  ///< of random weights

  /// With weights held in this precision.
  std::unique_ptr<gpt::Decoder> load(const std::string& precision, gpt::Threads& threads) const;
};

struct BenchmarkRow {
  enum class Kind { training, evaluation, prompt, decoding };
  Kind kind = Kind::training;
  std::string precision = "float32";
  int threads = 0;
  TrainingWork training = {};  ///< of the first two kinds
  WritingWork writing = {};    ///< of the others
};
const char* kind_name(BenchmarkRow::Kind kind) noexcept;
/// "training: language-model, float32, 4 x 256, 2 threads"
std::string describe(const BenchmarkRow& row);

/// All flags but those of every command.
void declare_benchmark_options(gpt::Options& options);
/// Error invalid_option: --model and --config-name, of which one is needed.
BenchmarkModel benchmark_model(const gpt::Options& options);
/// What the plan needs to know beforehand: this process must start no threads, and does not load the model.
struct BenchmarkFacts {
  std::int64_t context = 0;
  int threads = 0;  ///< --threads, or all cores
};
/// The rows that the options ask for. Error invalid_option for values that make no sense.
std::vector<BenchmarkRow> benchmark_rows(const gpt::Options& options, const BenchmarkModel& model,
                                         const BenchmarkFacts& facts);

}  // namespace gptask::app

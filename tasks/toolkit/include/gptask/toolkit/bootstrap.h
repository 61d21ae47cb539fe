// How sure a figure is: intervals from rows drawn anew, and tests of whether two systems differ.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "gpt/plugin/scorer.h"

namespace gptask {

struct BootstrapOptions {
  std::int64_t samples = 1000;  ///< 0: no intervals
  std::uint64_t seed = 12345;
};

/// {"accuracy": [low, high], ...}: the 2.5th and 97.5th percentile of each metric over samples of as many rows, drawn
/// with replacement (Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapter 13). Counts (total) and
/// thresholds have none. A metric that is not defined in a sample leaves that one out; null if it never is. The same
/// seed gives the same intervals.
nlohmann::ordered_json bootstrap_intervals(const gpt::Scorer& scorer, const BootstrapOptions& options = {});

enum class PairedTest {
  bootstrap,  ///< paired bootstrap (Koehn, "Statistical significance tests for machine translation evaluation", 2004)
  randomization,  ///< approximate randomization (Riezler and Maxwell, 2005)
};
/// "bootstrap", "randomization". Error invalid_option.
PairedTest parse_paired_test(std::string_view name);

struct PairedOptions {
  PairedTest test = PairedTest::bootstrap;
  std::int64_t samples = 0;  ///< 0: 1000 of the bootstrap, 10000 of the randomization, as sacrebleu has them
  std::uint64_t seed = 12345;
};

/// Two systems on the same rows: {"accuracy": {"difference": second - first, "interval": [low, high], "p_value": p},
/// ...}; p as sacrebleu computes it, but 1 for systems that never differ. The interval is that of the paired bootstrap,
/// null for the randomization, which tests the metrics that both have. Error mismatch unless both have the same number
/// of rows and, for the randomization, are scored in the same way.
nlohmann::ordered_json paired_test(const gpt::Scorer& first, const gpt::Scorer& second,
                                   const PairedOptions& options = {});

}  // namespace gptask

// What BLEU, chrF and TER have in common: sums over a corpus, and sacrebleu's signature, which says how a figure was
// made.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/core/error.h"
#include "gptask/toolkit/references.h"

namespace gptask {

/// The release whose figures these are.
constexpr std::string_view sacrebleu_version = "2.6.0";

/// "1", "3", or "var" where segments have different numbers of references.
std::string reference_count(const References& references);

/// Error mismatch for a segment without any.
void check_references(std::span<const std::string> references);

/// Error mismatch unless there are as many hypotheses as references, and at least one.
void check_corpus(std::size_t hypotheses, std::size_t references);

template <typename Metric>
std::vector<double> sum_of_statistics(const Metric& metric, std::span<const std::string> hypotheses,
                                      const References& references) {
  check_corpus(hypotheses.size(), references.size());
  std::vector<double> sums = metric.statistics(hypotheses[0], references[0]);
  for (std::size_t i = 1; i < hypotheses.size(); ++i) {
    const std::vector<double> row = metric.statistics(hypotheses[i], references[i]);
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += row[k];
  }
  return sums;
}

}  // namespace gptask

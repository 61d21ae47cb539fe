// How good predicted numbers and scores are. The two ranges of each function have one length, else error mismatch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gptask {

double mean_squared_error(std::span<const double> truth, std::span<const double> predicted);

/// Correlation of values; NaN where it is not defined (fewer than two values, or all of them equal).
double pearson(std::span<const double> truth, std::span<const double> predicted);

/// Correlation of ranks; equal values share their mean rank. NaN as for pearson.
double spearman(std::span<const double> truth, std::span<const double> predicted);

/// Area under the ROC curve: how likely a positive (truth 1) scores above a negative (truth 0), ties counting half. NaN
/// if one of the two does not occur.
double roc_auc(std::span<const std::int32_t> truth, std::span<const double> scores);

/// The mean of the precision at each threshold, weighted by the gain in recall; 0 without a positive.
double average_precision(std::span<const std::int32_t> truth, std::span<const double> scores);

/// Ranks from 1, equal values sharing their mean rank.
std::vector<double> ranks(std::span<const double> values);

}  // namespace gptask

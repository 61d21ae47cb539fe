// How far probabilities can be believed, and a temperature that makes them more so.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gptask/toolkit/scorers.h"

namespace gptask {

/// The temperature T > 0 for which softmax(logits / T) gives the true labels the highest likelihood (Guo et al., "On
/// Calibration of Modern Neural Networks", ICML 2017), between 0.05 and 20; rows whose label is -1 do not count. 1
/// where no row counts.
double fit_temperature(std::span<const std::vector<float>> logits, std::span<const std::int32_t> labels);

/// One answer: how probable the model called it, the same before calibration, and whether it is right.
struct Confidence {
  double probability = 0, uncalibrated = 0;
  bool right = false;
};

/// Over rows: ece, the expected calibration error in 15 bins of equal width (the same paper), and ece_uncalibrated;
/// with abstain_below > 0 also coverage, the share of rows whose probability is not below it, and accuracy_answered,
/// the share of these that is right (NaN where none is).
ScorerPointer confidence_scorer(std::vector<Confidence> rows, double abstain_below);

}  // namespace gptask

#include "gpt/head/sequence_head.h"

#include <limits>

#include "gpt/core/error.h"
#include "gpt/ops/linear.h"
#include "gpt/ops/loss.h"
#include "gpt/ops/pool.h"

namespace gpt {
namespace {

std::vector<std::int32_t> labels_of(const Batch& batch) {
  std::vector<std::int32_t> labels;
  for (const Target& target : batch.targets) labels.push_back(target.label);
  return labels;
}

/// A row of values a sequence, NaN where it has none.
std::vector<float> values_of(const Batch& batch, std::int64_t outputs) {
  const auto count = static_cast<std::size_t>(outputs);
  std::vector<float> all;
  for (std::size_t s = 0; s < batch.targets.size(); ++s) {
    const std::vector<float>& values = batch.targets[s].values;
    if (!values.empty() && values.size() != count)
      fail(ErrorCode::mismatch, "sequence {} of a batch has {} target values, the head {} outputs", s, values.size(),
           outputs);
    all.insert(all.end(), values.begin(), values.end());
    all.resize((s + 1) * count, std::numeric_limits<float>::quiet_NaN());
  }
  return all;
}

}  // namespace

SequenceHead::SequenceHead(std::int64_t hidden, std::int64_t outputs, float deviation, Random& random,
                           SequenceHeadOptions options)
    : options_(std::move(options)),
      weight_(parameter(options_.name + ".weight", Shape::matrix(outputs, hidden), deviation, random)),
      bias_(options_.bias ? &parameter(options_.name + ".bias", Shape::vector(outputs), 0, random) : nullptr) {}

Variable SequenceHead::forward(const Hidden& hidden, const Batch& batch) {
  return linear(pool_last(hidden.states, batch), weight_, bias_);
}

Variable SequenceHead::loss(const Variable& outputs, const Batch& batch, float scale) {
  if (options_.loss == SequenceLoss::cross_entropy)
    return cross_entropy(outputs, labels_of(batch), scale, {options_.class_weights, options_.label_smoothing});
  const std::vector<float> targets = values_of(batch, outputs.columns());
  const float mean = scale / static_cast<float>(outputs.columns());
  return options_.loss == SequenceLoss::squared_error ? squared_error(outputs, targets, mean)
                                                      : binary_cross_entropy(outputs, targets, mean);
}

std::int64_t SequenceHead::loss_terms(const Batch& batch) const {
  std::int64_t terms = 0;
  for (const Target& target : batch.targets)
    terms += (options_.loss == SequenceLoss::cross_entropy ? target.label >= 0 : !target.values.empty()) ? 1 : 0;
  return terms;
}

double SequenceHead::loss_divisor(const Batch& batch) const {
  if (options_.loss != SequenceLoss::cross_entropy || options_.class_weights.empty()) return Head::loss_divisor(batch);
  double sum = 0;
  for (const Target& target : batch.targets)
    if (const auto label = static_cast<std::size_t>(target.label);
        target.label >= 0 && label < options_.class_weights.size())
      sum += static_cast<double>(options_.class_weights[label]);
  return sum;
}

}  // namespace gpt

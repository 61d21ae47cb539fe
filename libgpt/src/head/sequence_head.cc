#include "gpt/head/sequence_head.h"

#include <limits>

#include "gpt/core/error.h"
#include "gpt/ops/linear.h"
#include "gpt/ops/loss.h"
#include "gpt/ops/pool.h"
#include "gpt/ops/sum.h"

namespace gpt {
namespace {

std::vector<std::int32_t> labels_of(const Batch& batch) {
  std::vector<std::int32_t> labels;
  for (std::int32_t e = 0; e < batch.examples(); ++e) labels.push_back(batch.target_of(e).label);
  return labels;
}

/// A row of values an example, NaN where it has none.
std::vector<float> values_of(const Batch& batch, std::int64_t outputs) {
  const auto count = static_cast<std::size_t>(outputs);
  std::vector<float> all;
  for (std::int32_t e = 0; e < batch.examples(); ++e) {
    const std::vector<float>& values = batch.target_of(e).values;
    if (!values.empty() && values.size() != count)
      fail(ErrorCode::mismatch, "example {} of a batch has {} target values, the head {} outputs", e, values.size(),
           outputs);
    all.insert(all.end(), values.begin(), values.end());
    all.resize((static_cast<std::size_t>(e) + 1) * count, std::numeric_limits<float>::quiet_NaN());
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
  return linear(sum_sequences(pool_last(hidden.states, batch), batch), weight_, bias_);
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
  for (std::int32_t e = 0; e < batch.examples(); ++e) {
    const Target& target = batch.target_of(e);
    terms += (options_.loss == SequenceLoss::cross_entropy ? target.label >= 0 : !target.values.empty()) ? 1 : 0;
  }
  return terms;
}

double SequenceHead::loss_divisor(const Batch& batch) const {
  if (options_.loss != SequenceLoss::cross_entropy || options_.class_weights.empty()) return Head::loss_divisor(batch);
  double sum = 0;
  for (std::int32_t e = 0; e < batch.examples(); ++e)
    if (const auto label = static_cast<std::size_t>(batch.target_of(e).label);
        batch.target_of(e).label >= 0 && label < options_.class_weights.size())
      sum += static_cast<double>(options_.class_weights[label]);
  return sum;
}

}  // namespace gpt

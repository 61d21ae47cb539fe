#include "gpt/head/head.h"

#include "gpt/ops/loss.h"

namespace gpt {

Head::~Head() = default;

Variable Head::loss(const Variable& outputs, const Batch& batch, float scale) {
  std::vector<std::int32_t> labels;
  for (std::int32_t e = 0; e < batch.examples(); ++e) labels.push_back(batch.target_of(e).label);
  return cross_entropy(outputs, labels, scale);
}

std::int64_t Head::loss_terms(const Batch& batch) const { return batch.examples(); }

std::string Head::looks_at() const {
  switch (reads()) {
    case Reads::last:
      return "the last token";
    case Reads::mean:
      return "the mean of all tokens";
    case Reads::tokens:
      break;
  }
  return "every token";
}

std::vector<Parameter*> Head::parameters() {
  std::vector<Parameter*> all;
  for (Parameter& parameter : parameters_) all.push_back(&parameter);
  return all;
}

Parameter& Head::parameter(std::string name, Shape shape, float deviation, Random& random) {
  Parameter& added = parameters_.emplace_back();
  added.name = std::move(name);
  added.value = Tensor::zeros(shape);
  if (deviation > 0.0F)
    for (float& value : added.value.values()) value = deviation * random.normal();
  added.set_trainable(true);
  return added;
}

}  // namespace gpt

#include "gpt/head/span_head.h"

#include "gpt/ops/linear.h"
#include "gpt/ops/loss.h"

namespace gpt {

SpanHead::SpanHead(std::int64_t hidden, float deviation, Random& random)
    : weight_(parameter("qa_outputs.weight", Shape::matrix(2, hidden), deviation, random)),
      bias_(parameter("qa_outputs.bias", Shape::vector(2), 0, random)) {}

Variable SpanHead::forward(const Hidden& hidden, const Batch&) { return linear(hidden.states, weight_, &bias_); }

Variable SpanHead::loss(const Variable& outputs, const Batch& batch, float scale) {
  std::vector<TokenSpan> spans;
  for (const Target& target : batch.targets) spans.push_back({target.first, target.last});
  return span_cross_entropy(outputs, batch.offsets, spans, scale);
}

std::int64_t SpanHead::loss_terms(const Batch& batch) const {
  std::int64_t terms = 0;
  for (const Target& target : batch.targets) terms += target.first >= 0 ? 1 : 0;
  return terms;
}

}  // namespace gpt

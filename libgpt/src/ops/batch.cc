#include "gpt/ops/batch.h"

namespace gpt {

void Batch::add(const Example& example) {
  tokens.insert(tokens.end(), example.tokens.begin(), example.tokens.end());
  offsets.push_back(static_cast<std::int32_t>(tokens.size()));
  targets.push_back(example.target);
}

void Batch::clear() {
  tokens.clear();
  offsets.assign(1, 0);
  targets.clear();
  past.clear();
}

}  // namespace gpt

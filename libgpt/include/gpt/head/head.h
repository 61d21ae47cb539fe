// A head: hidden states -> outputs, and the loss that trains them.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "gpt/core/random.h"
#include "gpt/data/example.h"
#include "gpt/model/hidden.h"
#include "gpt/ops/variable.h"

namespace gpt {

class Head {
 public:
  virtual ~Head();
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;

  /// Outputs: a row an example ([examples, n], the usual case) or, where per_token() says so, a row a token.
  virtual Variable forward(const Hidden& hidden, const Batch& batch) = 0;
  /// scale times the sum of the loss over the batch's terms, as a 1 x 1 variable. The default: cross entropy of each
  /// output row against Target::label.
  virtual Variable loss(const Variable& outputs, const Batch& batch, float scale);
  /// How many terms the batch adds to the mean loss. The default: examples.
  virtual std::int64_t loss_terms(const Batch& batch) const;
  /// What a sum over these terms is divided by to be the mean. The default: loss_terms; classes with weights: the sum
  /// of their weights.
  virtual double loss_divisor(const Batch& batch) const { return static_cast<double>(loss_terms(batch)); }
  virtual bool per_token() const { return false; }
  /// What forward() reads of the hidden states. A head that says last or mean pools them by ops/pool.h and may be given
  /// them pooled already: a row a sequence.
  enum class Reads { tokens, last, mean };
  virtual Reads reads() const { return Reads::tokens; }
  /// What it needs of the decoder for that.
  StateRows state_rows() const { return reads() == Reads::last ? StateRows::last : StateRows::every; }
  /// Where the head looks, for a reader ("the last token"): shown before a run and stored with the model. The default
  /// follows reads().
  virtual std::string looks_at() const;

  /// Declared once, then saved, loaded and trained by themselves.
  std::vector<Parameter*> parameters();

 protected:
  Head() = default;
  /// Declares a weight, normal with this deviation (0: zeros); name is unique within the head ("score.weight").
  Parameter& parameter(std::string name, Shape shape, float deviation, Random& random);

 private:
  std::deque<Parameter> parameters_;
};

}  // namespace gpt

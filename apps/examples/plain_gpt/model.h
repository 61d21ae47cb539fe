// A whole GPT from the formulas: GPT-2's kind (learned positions, layer norm, GELU) and Llama's (rotary positions,
// root-mean-square norm, SwiGLU), with its backward pass. Slow and short; libgpt's decoder must agree with it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "attention.h"
#include "gpt/model/decoder.h"
#include "matrix.h"

namespace plain {

using Weights = std::map<std::string, Matrix>;  // matrices [outputs, inputs], vectors [1, n]; by Transformers' names
using Tokens = std::vector<std::int32_t>;

/// What a block keeps for the way back.
struct BlockValues {
  Matrix x, normed, qkv, attended, middle, middle_normed, inner, active;
};

struct Values {
  std::vector<BlockValues> blocks;
  Matrix x, normed, logits;
};

class Model {
 public:
  /// The weights of a decoder, widened to double. Error unsupported for another family than gpt2 and llama.
  explicit Model(const gpt::Decoder& decoder);

  /// tokens -> logits [tokens, vocabulary], with everything on the way.
  Values forward(const Tokens& tokens) const;
  /// The mean of -log p(token | tokens before it); adds nothing where `gradients` is null, else fills it.
  double loss(const Tokens& tokens, Weights* gradients = nullptr) const;
  /// Attention weights of a block, a [tokens, tokens] matrix a head.
  std::vector<Matrix> attention_weights(const Values& values, std::size_t block) const;

  Weights& weights() { return weights_; }
  const gpt::ModelConfig& config() const { return config_; }
  /// Whether the decoder keeps this matrix as [inputs, outputs] (GPT-2's projections).
  bool stored_transposed(const std::string& name) const;

 private:
  struct Names {
    std::string attention_norm, mlp_norm, attention_out, mlp_out;
    std::vector<std::string> attention_in, mlp_in;
  };
  Names names(std::size_t block) const;
  const Matrix& weight(const std::string& name) const { return weights_.at(name + ".weight"); }
  const Matrix* bias(const std::string& name) const;
  AttentionShape shape() const;
  std::string output_name() const;

  Matrix norm(const Matrix& x, const std::string& name) const;
  Matrix norm_backward(const Matrix& x, const std::string& name, const Matrix& dy, Weights& gradients) const;
  Matrix project(const Matrix& x, const std::vector<std::string>& names) const;
  Matrix project_backward(const Matrix& x, const std::vector<std::string>& names, const Matrix& dy,
                          Weights& gradients) const;
  Matrix block_backward(const BlockValues& v, const Names& n, Matrix dx, Weights& gradients) const;

  gpt::ModelConfig config_;
  bool llama_;
  Weights weights_;
};

/// The targets of a language model: the next token of each, -1 after the last.
Tokens next_tokens(const Tokens& tokens);

}  // namespace plain

// One sentence through a real model, step by step, in numbers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gpt/model/decoder.h"
#include "gpt/text/tokenizer.h"
#include "model.h"

namespace plain {

class Sentence {
 public:
  /// Loads a model folder or file and tokenizes the text. Error invalid_option for a text of fewer than two tokens.
  Sentence(const std::string& model, const std::string& text);

  /// What can be shown, in the guide's order.
  static std::vector<std::string> parts();
  /// Prints one part to standard output. Error invalid_option for a name that is none of them.
  void print(const std::string& part);

  const Tokens& tokens() const { return tokens_; }
  Model& model() { return model_; }
  gpt::Decoder& decoder() { return *decoder_; }

 private:
  void print_tokens();
  void print_embedding();
  void print_norm();
  void print_query_key_value();
  void print_attention();
  void print_blocks();
  void print_next();
  void print_loss();
  void print_gradient();
  void print_step();
  const Values& values();
  std::string token(std::int32_t id) const;

  std::unique_ptr<gpt::Decoder> decoder_;
  std::shared_ptr<const gpt::Tokenizer> tokenizer_;
  Tokens tokens_;
  Model model_;
  Values values_;
};

/// libgpt's way: logits [tokens, vocabulary], and the loss with its gradients left in the decoder's parameters.
Matrix decoder_logits(const gpt::Decoder& decoder, const Tokens& tokens);
double decoder_loss(gpt::Decoder& decoder, const Tokens& tokens);

}  // namespace plain

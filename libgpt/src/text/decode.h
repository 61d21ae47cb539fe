// The way back: tokens -> text.
#pragma once

#include <string>
#include <vector>

#include "text/regex.h"
#include "text/spec.h"

namespace gpt::text {

/// Immutable; may be used from any number of threads. Each step changes the list of tokens; what is left is joined.
class Decoder {
 public:
  explicit Decoder(const std::vector<DecoderStep>& steps);

  /// Nothing but the byte alphabet: the bytes of the tokens, one after the other, are the text.
  bool is_byte_level() const;
  std::string decode(std::vector<std::string> tokens) const;

 private:
  struct Step {
    DecoderStep spec;
    std::vector<Matcher> matcher;  ///< one, of replace

    void apply(std::vector<std::string>& tokens) const;
  };
  std::vector<Step> steps_;
};

}  // namespace gpt::text

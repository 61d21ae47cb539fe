// Special tokens of a task's template that a tokenizer does not have.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gpt/text/tokenizer.h"

namespace gptask {

/// The tokenizer with these special tokens after its own; itself if it has them all. Error invalid_option for one that
/// is no plain name ("<|extract|>").
std::shared_ptr<const gpt::Tokenizer> with_tokens(std::shared_ptr<const gpt::Tokenizer> tokenizer,
                                                  const std::vector<std::string>& tokens);

}  // namespace gptask

// Texts -> token files.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "gpt/data/token_file.h"
#include "gpt/tensor/parallel.h"
#include "gpt/text/tokenizer.h"
#include "gptask/toolkit/observer.h"

namespace gptask {

/// Tokenizes the documents of the files, on all threads, into `path`; each ends with the tokenizer's end token. Errors:
/// not_found where the tokenizer has none, malformed where there is no text, interrupted, those of DocumentReader.
std::shared_ptr<const gpt::TokenFile> write_token_file(const std::filesystem::path& path,
                                                       const std::vector<std::filesystem::path>& files,
                                                       const std::string& text_column, const gpt::Tokenizer& tokenizer,
                                                       gpt::Threads& threads, Observer& observer);

}  // namespace gptask

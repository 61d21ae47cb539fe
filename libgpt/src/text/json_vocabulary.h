// Reads a tokenizer.json as a stream, since its vocabulary is large: as a tree it would take ten times the file.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "text/bpe_spec.h"

namespace gpt::text {

/// A tokenizer.json in parts: everything as a tree but model.vocab and model.merges.
struct TokenizerJson {
  explicit TokenizerJson(const std::string& source) : vocabulary(source + ": model") {}

  nlohmann::json tree;
  BpeSpecBuilder vocabulary;                        ///< its tokens are not finished
  TextList merges;                                  ///< left and right of each, one after the other
  bool has_vocabulary = false, has_merges = false;  ///< as an object and as a list
};

/// Errors malformed with the place: bad JSON, a name twice in one object, an entry of vocabulary or merges that is
/// none.
TokenizerJson read_tokenizer_parts(std::string_view text, const std::string& source);

}  // namespace gpt::text

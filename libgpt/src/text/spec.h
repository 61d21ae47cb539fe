// What a tokenizer consists of, as plain data: what the readers of the file formats fill in, and what the pipeline is
// built from and written back from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gpt::text {

/// Largest id + 1 that a file may ask for: guards the tables indexed by id.
inline constexpr std::int32_t kMaxVocabulary = 1 << 24;

/// A token that is found in the text before anything else happens to it.
struct AddedToken {
  std::int32_t id = 0;
  std::string content;
  bool single_word = false;  ///< only where no word character is next to it
  bool lstrip = false;       ///< takes the white space before it along
  bool rstrip = false;       ///< and after it
  bool normalized = false;   ///< looked for in the normalized text, not in the original
  bool special = false;
};

enum class Normalization { none, nfc };

/// Ways to cut a text into words that no token crosses.
enum class Split {
  gpt2,          ///< the regular expression of GPT-2
  llama3,        ///< of cl100k and Llama 3: numbers in groups of up to three digits
  qwen2,         ///< the same with single digits
  numbers_each,  ///< every number character by itself
  numbers_run,   ///< runs of number characters by themselves
};

/// Splits one after the other, each inside the pieces of the one before, then bytes.
struct PreTokenizerSpec {
  std::vector<Split> splits;
  bool add_prefix_space = false;  ///< a space goes before every piece that does not begin with one
  bool use_regex = true;          ///< then Split::gpt2, after the space is added
};

/// Byte-pair encoding. Tokens are written in the byte alphabet.
struct BpeSpec {
  std::vector<std::string> tokens;                            ///< by id; empty where an id is not used
  std::vector<std::pair<std::int32_t, std::int32_t>> merges;  ///< by rank, pairs of ids
  std::vector<std::int32_t> merged;                           ///< the id each merge makes
  std::optional<std::int32_t> unknown;
  bool fuse_unknown = false;
  bool ignore_merges = false;  ///< a word that is a token is taken whole
};

struct PostProcessorSpec {
  bool byte_level = false;
  bool trim_offsets = false;                ///< offsets leave out white space at the ends of a token
  bool add_prefix_space = false;            ///< except the one that was added at the start
  std::vector<std::int32_t> before, after;  ///< the template's special tokens around a text
};

struct TokenizerSpec {
  std::string source;  ///< the file, for messages
  Normalization normalization = Normalization::none;
  PreTokenizerSpec pre_tokenizer;
  BpeSpec model;
  std::vector<AddedToken> added_tokens;
  PostProcessorSpec post_processor;

  std::string bos, eos, pad, unk;  ///< contents; empty where there is none
  std::string chat_template;
  bool chat_template_file = false;         ///< it was in chat_template.jinja, not in tokenizer_config.json
  std::optional<std::int64_t> max_length;  ///< tokens a model of this tokenizer was made for
  std::string json_text;                   ///< the tokenizer.json it came from; empty for other formats
  std::string config_text;                 ///< the tokenizer_config.json beside it; empty where there was none
};

}  // namespace gpt::text

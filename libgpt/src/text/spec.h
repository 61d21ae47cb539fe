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

/// What a Replace or a Split looks for.
struct Pattern {
  std::string text;
  bool is_regex = false;
  friend bool operator==(const Pattern&, const Pattern&) = default;
};

/// One change of the text before it is cut.
struct NormalizerStep {
  enum class Kind { nfc, nfd, nfkc, nfkd, lowercase, prepend, replace, strip };
  Kind kind = Kind::nfc;
  Pattern pattern{};                 ///< of replace
  std::string content{};             ///< of replace and prepend
  bool left = false, right = false;  ///< of strip
  friend bool operator==(const NormalizerStep&, const NormalizerStep&) = default;
};

/// What becomes of the matches of a Split and of what lies between them.
enum class Behavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };

enum class PrependScheme { never, first, always };

/// One way to cut a text into words that no token crosses.
struct PreTokenizerStep {
  enum class Kind { split, digits, punctuation, whitespace, whitespace_split, metaspace };
  Kind kind = Kind::split;
  Pattern pattern{};                             ///< of split
  Behavior behavior = Behavior::isolated;        ///< of split and punctuation
  bool invert = false;                           ///< of split: what lies between is the match
  bool each = false;                             ///< of digits: every number character by itself
  std::string replacement{};                     ///< of metaspace: one character that stands for a space
  PrependScheme scheme = PrependScheme::always;  ///< of metaspace
  bool cut = true;                               ///< of metaspace: words begin at the replacement
  friend bool operator==(const PreTokenizerStep&, const PreTokenizerStep&) = default;
};

/// Steps one after the other, each inside the pieces of the one before; then bytes, if byte_level.
struct PreTokenizerSpec {
  std::vector<PreTokenizerStep> steps;
  bool byte_level = true;
  bool add_prefix_space = false;  ///< of byte_level: a space goes before every piece that does not begin with one
  bool use_regex = true;          ///< of byte_level: then GPT-2's regular expression, after the space is added
  friend bool operator==(const PreTokenizerSpec&, const PreTokenizerSpec&) = default;
};

/// Byte-pair encoding. Tokens are written in the byte alphabet if the pre-tokenizer is byte_level, as text otherwise.
struct BpeSpec {
  std::vector<std::string> tokens;                            ///< by id; empty where an id is not used
  std::vector<std::pair<std::int32_t, std::int32_t>> merges;  ///< by rank, pairs of ids
  std::vector<std::int32_t> merged;                           ///< the id each merge makes
  std::optional<std::int32_t> unknown;
  bool fuse_unknown = false;
  bool ignore_merges = false;  ///< a word that is a token is taken whole
  bool byte_fallback = false;  ///< a character without a token becomes the tokens <0x00> to <0xFF> of its bytes
};

/// One change of the list of tokens on its way back to text.
struct DecoderStep {
  enum class Kind { byte_level, metaspace, replace, byte_fallback, fuse, strip };
  Kind kind = Kind::byte_level;
  Pattern pattern{};                             ///< of replace
  std::string content{};                         ///< of replace; of metaspace and strip: one character
  PrependScheme scheme = PrependScheme::always;  ///< of metaspace
  std::uint32_t start = 0, stop = 0;             ///< of strip: at most so many characters from either end
  friend bool operator==(const DecoderStep&, const DecoderStep&) = default;
};

struct PostProcessorSpec {
  bool byte_level = false;
  bool trim_offsets = false;                ///< offsets leave out white space at the ends of a token
  bool add_prefix_space = false;            ///< except the one that was added at the start
  std::vector<std::int32_t> before, after;  ///< the template's special tokens around a text
};

struct TokenizerSpec {
  std::string source;  ///< the file, for messages
  std::vector<NormalizerStep> normalizer;
  PreTokenizerSpec pre_tokenizer;
  BpeSpec model;
  std::vector<AddedToken> added_tokens;
  PostProcessorSpec post_processor;
  std::vector<DecoderStep> decoder{{DecoderStep::Kind::byte_level}};  ///< none: tokens are joined with spaces

  std::string bos, eos, pad, unk;  ///< contents; empty where there is none
  std::string chat_template;
  bool chat_template_file = false;         ///< it was in chat_template.jinja, not in tokenizer_config.json
  std::optional<std::int64_t> max_length;  ///< tokens a model of this tokenizer was made for
  std::string json_text;                   ///< the tokenizer.json it came from; empty for other formats
  std::string config_text;                 ///< the tokenizer_config.json beside it; empty where there was none
};

}  // namespace gpt::text

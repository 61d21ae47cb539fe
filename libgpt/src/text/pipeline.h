// The tokenizer: added tokens -> normalize -> pre-tokenize -> model -> post-process, and back.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "gpt/text/tokenizer.h"
#include "text/added_tokens.h"
#include "text/decode.h"
#include "text/model.h"
#include "text/normalize.h"
#include "text/post_process.h"
#include "text/pretokenize.h"
#include "text/spec.h"
#include "text/word_cache.h"

namespace gpt::text {

class PipelineTokenizer : public Tokenizer {
 public:
  /// Errors: malformed where parts of the description contradict each other.
  explicit PipelineTokenizer(TokenizerSpec spec);

  std::vector<std::int32_t> encode(std::string_view text, bool add_special_tokens) const override;
  Encoding encode_with_offsets(std::string_view text, bool add_special_tokens) const override;
  Encoding encode_literally(std::string_view text, bool add_special_tokens) const override;
  std::string decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const override;

  std::size_t vocabulary_size() const override { return tokens_.size(); }
  std::optional<std::int32_t> id_of(std::string_view token) const override;
  std::string token(std::int32_t id) const override;
  bool is_special(std::int32_t id) const override;

  void save(const std::filesystem::path& folder) const override;
  void add_to_gguf(GgufMetadata& metadata, std::int64_t rows) const override;
  std::string hash() const override;
  const std::string& chat_template() const override { return spec_.chat_template; }
  std::optional<std::int32_t> bos() const override { return id_of_special(spec_.bos); }
  std::optional<std::int32_t> eos() const override { return id_of_special(spec_.eos); }
  std::optional<std::int32_t> pad() const override { return id_of_special(spec_.pad); }

 private:
  struct Token {
    std::string content;  ///< as the vocabulary writes it
    std::string decoded;  ///< what the decoder starts from; its bytes, if that is all it does
    bool special = false;
    /// Left out of text without special tokens: what is found in a text is a special token's name, as the tokenizers
    /// library asks. A normalizer that changes the name keeps its token in the text.
    bool skipped = false;
  };
  class Encoder;

  /// How one call of encode goes.
  struct Task {
    bool with_offsets = false;
    bool special_in_text = true;  ///< special tokens that stand in the text are taken as such
    bool add_special = false;
  };

  std::string decoded(const std::string& content) const;
  void add_vocabulary();
  void add_added_tokens();
  std::optional<std::int32_t> id_of_special(const std::string& content) const;
  Encoding run(std::string_view text, const Task& task) const;

  TokenizerSpec spec_;
  std::vector<Token> tokens_;
  std::unordered_map<std::string_view, std::int32_t> ids_;  ///< views of tokens_
  AddedTokenFinder raw_tokens_, normalized_tokens_;
  Normalizer normalizer_;
  PreTokenizer pre_tokenizer_;
  Decoder decoder_;
  bool places_matter_;  ///< to the pre-tokenizer, after changes of the text
  std::unique_ptr<const Model> model_;
  std::vector<TokenSpace> spaces_;  ///< by id, where offsets are trimmed
  mutable WordCachePool caches_;
};

}  // namespace gpt::text

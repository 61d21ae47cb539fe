// Text -> token ids and back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gpt {

class GgufMetadata;

/// A half-open range.
struct Range {
  std::uint32_t begin = 0, end = 0;
  friend bool operator==(const Range&, const Range&) = default;
};

struct Encoding {
  std::vector<std::int32_t> ids;
  std::vector<Range> bytes;        ///< of the input text, a range a token
  std::vector<Range> code_points;  ///< the same in Unicode code points, as the tokenizers library counts
};

/// Immutable once loaded; may be used from any number of threads.
class Tokenizer {
 public:
  virtual ~Tokenizer();

  /// A folder (tokenizer.json, or vocab.json with merges.txt), a tokenizer.json, or a .gguf file. Errors: not_found,
  /// malformed, unsupported (a part of tokenizer.json we do not know, by name).
  static std::shared_ptr<const Tokenizer> load(const std::filesystem::path& path);

  /// text must be valid UTF-8 (invalid bytes are replaced by U+FFFD). Special tokens in the text are recognized as
  /// such; add_special_tokens adds what the tokenizer's post-processor says (none for GPT-2 and SmolLM2).
  virtual std::vector<std::int32_t> encode(std::string_view text, bool add_special_tokens = false) const = 0;
  virtual Encoding encode_with_offsets(std::string_view text, bool add_special_tokens = false) const = 0;
  /// Bytes that are no valid UTF-8 become U+FFFD.
  virtual std::string decode(std::span<const std::int32_t> ids, bool skip_special_tokens = false) const = 0;

  virtual std::size_t vocabulary_size() const = 0;  ///< highest id + 1, added tokens included
  virtual std::optional<std::int32_t> id_of(std::string_view token) const = 0;
  virtual std::string token(std::int32_t id) const = 0;  ///< as the vocabulary writes it; error for an id out of range
  virtual bool is_special(std::int32_t id) const = 0;

  /// Writes tokenizer.json and tokenizer_config.json (and chat template, where there is one) into a folder, so that
  /// Transformers reads the same tokenizer back.
  virtual void save(const std::filesystem::path& folder) const = 0;
  /// Adds the entries tokenizer.* of a GGUF file for a model with `rows` embeddings; tokens that the tokenizer lacks
  /// are padded as llama.cpp's converter does. Errors: unsupported for a tokenizer that llama.cpp has no name for,
  /// mismatch for more tokens than rows.
  virtual void add_to_gguf(GgufMetadata& metadata, std::int64_t rows) const;
  /// Of the canonical tokenizer.json text: equal for equal tokenizers.
  virtual std::string hash() const = 0;
  /// The Jinja text of the chat template; empty where there is none.
  virtual const std::string& chat_template() const = 0;
  virtual std::optional<std::int32_t> bos() const = 0;
  virtual std::optional<std::int32_t> eos() const = 0;
  virtual std::optional<std::int32_t> pad() const = 0;
};

}  // namespace gpt

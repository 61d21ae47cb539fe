// Tokens of a text in a file that is mapped into memory: what pre-training reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "gpt/io/atomic_file.h"
#include "gpt/io/mapped_file.h"

namespace gpt {

/// What stands at the end of the file.
struct TokenFileInfo {
  std::int64_t tokens = 0;      ///< separators included
  std::int64_t documents = 0;   ///< each ends with the separator
  std::int64_t text_bytes = 0;  ///< of the documents in UTF-8, for bits per byte
  std::int64_t vocabulary = 0;
  std::string tokenizer_hash;  ///< Tokenizer::hash()
};

/// Writes ids as 16-bit numbers where the vocabulary allows, else as 32-bit, little-endian, and the info after them
/// (docs/formats.md). The file is complete or absent.
class TokenFileWriter {
 public:
  TokenFileWriter(const std::filesystem::path& path, std::int64_t vocabulary, std::int32_t separator,
                  const std::string& tokenizer_hash);
  /// More of the document. Error mismatch for an id outside the vocabulary.
  void add(std::span<const std::int32_t> ids, std::size_t text_bytes);
  /// The document is complete: the separator follows. Nothing happens where it has no token.
  void end_document();
  void commit();
  const TokenFileInfo& info() const noexcept { return info_; }

 private:
  void put(std::int32_t id);

  AtomicFile file_;
  TokenFileInfo info_;
  std::int32_t separator_;
  std::int64_t document_start_ = 0;
  std::string buffer_;
};

class TokenFile {
 public:
  /// Errors: not_found, io, malformed (no such file, or cut short).
  explicit TokenFile(const std::filesystem::path& path);

  const TokenFileInfo& info() const noexcept { return info_; }
  std::int64_t size() const noexcept { return info_.tokens; }
  /// Of the file, which stays in memory as it is read.
  std::int64_t bytes() const noexcept { return static_cast<std::int64_t>(file_->bytes().size()); }
  /// Ids [first, first + out.size()). Error malformed for an id that the vocabulary does not have.
  void read(std::int64_t first, std::span<std::int32_t> out) const;
  /// Of the whole content.
  std::string hash() const;

 private:
  std::shared_ptr<const MappedFile> file_;
  TokenFileInfo info_;
};

}  // namespace gpt

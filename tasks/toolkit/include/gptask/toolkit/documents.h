// Texts without labels: what tokenizers and language models are trained on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <memory>
#include <string>
#include <vector>

#include "gptask/toolkit/row_reader.h"

namespace gptask {

/// Files, folders (every text file in them, in the order of their paths) and patterns such as "books/*.txt". Error
/// not_found for a name that stands for no file.
std::vector<std::filesystem::path> expand_files(const std::vector<std::string>& names);

/// A piece of a document; may be empty.
struct DocumentPiece {
  std::string text;
  bool last = false;  ///< the document ends here
};

/// The documents of files, one after the other: a plain text is one document, given in pieces of about a megabyte that
/// end at line ends; a row of a json, jsonl, csv or tsv file is one. Plain or compressed with gzip or zstd.
class DocumentReader {
 public:
  /// `text_column` names the field of rows; empty: "text", or the only column there is.
  DocumentReader(std::vector<std::filesystem::path> files, std::string text_column);
  ~DocumentReader();

  /// False at the end. Errors of open_text and RowReader; not_found for a column that is not there.
  bool next(DocumentPiece& piece);
  /// Whether the last piece came from a plain text.
  bool plain() const noexcept { return rows_ == nullptr; }
  const std::filesystem::path& file() const { return files_[at_ - 1]; }

 private:
  bool open_next();
  bool next_row(DocumentPiece& piece);
  bool next_text(DocumentPiece& piece);

  std::vector<std::filesystem::path> files_;
  std::string text_column_;
  std::size_t at_ = 0, column_ = 0;
  std::unique_ptr<std::istream> text_;
  std::unique_ptr<RowReader> rows_;
  Row row_;
  std::string rest_;  ///< read, and not given out yet
  bool drained_ = false;
};

}  // namespace gptask

#include "gptask/toolkit/documents.h"

#include <glob.h>

#include <algorithm>
#include <array>

#include "gpt/core/error.h"
#include "gpt/io/compressed_file.h"

namespace gptask {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr std::size_t kLongestLine = std::size_t{64} << 20;

bool is_rows(const std::string& extension) {
  return extension == ".csv" || extension == ".tsv" || extension == ".json" || extension == ".jsonl" ||
         extension == ".ndjson";
}

bool is_text(const std::string& extension) {
  return extension == ".txt" || extension == ".md" || extension == ".text" || is_rows(extension);
}

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && is_text(data_extension(entry.path()))) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  if (files.empty())
    gpt::fail(gpt::ErrorCode::not_found,
              "{}: no text file in this folder (.txt, .md, .json, .jsonl, .csv, .tsv, plain or with .gz or .zst)",
              folder.string());
  return files;
}

std::vector<fs::path> matches(const std::string& pattern) {
  glob_t found{};
  std::vector<fs::path> files;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return files;
}

/// Where a text may be cut so that its tokens stay the same: after a line end that stands between two characters that
/// are no white space. 0 if nowhere.
std::size_t cut_position(const std::string& text) {
  for (std::size_t i = text.size() - 1; i >= 2; --i)
    if (text[i - 1] == '\n' && !is_space(text[i]) && !is_space(text[i - 2])) return i;
  return 0;
}

/// Without line ends: before the last space, else before the last character.
std::size_t forced_cut(const std::string& text) {
  if (const std::size_t space = text.rfind(' '); space != std::string::npos && space > 0) return space;
  std::size_t last = text.size() - 1;
  while (last > 1 && (static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
  return last;
}

}  // namespace

std::vector<fs::path> expand_files(const std::vector<std::string>& names) {
  std::vector<fs::path> files;
  for (const std::string& name : names) {
    std::vector<fs::path> some;
    if (fs::is_directory(name)) {
      some = files_in(name);
    } else if (fs::exists(name)) {
      some = {name};
    } else if (name.find_first_of("*?[") != std::string::npos) {
      some = matches(name);
    }
    if (some.empty()) gpt::fail(gpt::ErrorCode::not_found, "{}: no such file, folder or pattern", name);
    files.insert(files.end(), some.begin(), some.end());
  }
  return files;
}

DocumentReader::DocumentReader(std::vector<fs::path> files, std::string text_column)
    : files_(std::move(files)), text_column_(std::move(text_column)) {}

DocumentReader::~DocumentReader() = default;

bool DocumentReader::open_next() {
  if (at_ == files_.size()) return false;
  const fs::path& file = files_[at_++];
  rows_.reset();
  text_.reset();
  rest_.clear();
  drained_ = false;
  if (is_rows(data_extension(file))) {
    rows_ = RowReader::open(file);
    const bool only = text_column_.empty() && !rows_->find_column("text") && rows_->columns().size() == 1;
    column_ = only ? 0 : rows_->column(text_column_.empty() ? "text" : text_column_, "text_column");
  } else {
    text_ = gpt::open_text(file);
  }
  return true;
}

bool DocumentReader::next(DocumentPiece& piece) {
  while (true) {
    if (rows_ && next_row(piece)) return true;
    if (text_ && next_text(piece)) return true;
    if (!open_next()) return false;
  }
}

bool DocumentReader::next_row(DocumentPiece& piece) {
  while (rows_->next(row_)) {
    if (column_ >= row_.fields.size() || !row_.fields[column_] || row_.fields[column_]->empty()) continue;
    piece.text = std::move(*row_.fields[column_]);
    piece.last = true;
    return true;
  }
  return false;
}

bool DocumentReader::next_text(DocumentPiece& piece) {
  if (drained_) return false;
  const bool first = rest_.empty();
  std::size_t cut = 0;
  while (cut == 0 && !drained_) {
    const std::size_t before = rest_.size();
    rest_.resize(before + kPiece);
    const auto got = text_->rdbuf()->sgetn(rest_.data() + before, static_cast<std::streamsize>(kPiece));
    rest_.resize(before + static_cast<std::size_t>(got));
    drained_ = static_cast<std::size_t>(got) < kPiece;
    if (first && before == 0 && rest_.compare(0, 3, "\xEF\xBB\xBF") == 0) rest_.erase(0, 3);
    if (!drained_) cut = rest_.size() < kLongestLine ? cut_position(rest_) : forced_cut(rest_);
  }
  piece.last = drained_;
  piece.text = drained_ ? std::move(rest_) : rest_.substr(0, cut);
  rest_ = drained_ ? std::string() : rest_.substr(cut);
  return true;
}

}  // namespace gptask

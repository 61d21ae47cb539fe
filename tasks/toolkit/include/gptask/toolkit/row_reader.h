// The rows of a data file, one at a time, whatever its format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/core/options.h"

namespace gptask {

/// How to read a file; what is left open, its name tells.
struct ReadOptions {
  std::string format = {};          ///< csv, tsv, json, jsonl, fasttext, labeled or text
  std::optional<bool> header = {};  ///< csv, tsv: whether the first row names the columns (they are "1", "2", ...
                                    ///< else); by default it does
  std::optional<bool> quotes = {};  ///< csv, tsv: whether fields may be quoted (RFC 4180); by default csv yes, tsv no
  bool drop_extra = false;  ///< csv, tsv: drop the fields that a row has beyond those of the first, which are an
                            ///< error else
};

/// Declares --format, --header, --quotes and --extra_columns.
void declare_read_options(gpt::Options& options);
ReadOptions read_options(const gpt::Options& options);

/// The part of a file's name that tells its format, in lower case: ".csv" for a.CSV.gz.
std::string data_extension(std::filesystem::path file);

struct Row {
  std::uint64_t number = 0;  ///< from 1; the header and blank lines are not counted
  std::uint64_t line = 0;    ///< the line of the file it starts on, from 1
  /// In the order of RowReader::columns(); none where a JSON row lacks the field or has null there.
  std::vector<std::optional<std::string>> fields;
};

/// Reads csv (RFC 4180, embedded line ends too), tsv (as GLUE has it: no quotes), json (an array of objects, {"data":
/// [...]}, or objects one after the other), jsonl (an object a line), fasttext ("__label__x text"; columns label,
/// text; several labels are separated by spaces), labeled ("x text", the first word is the label; the same columns) and
/// text (a line a row; column text), each plain or compressed with gzip or zstd. A byte order mark is dropped, CR LF
/// ends a line as LF does. A nested JSON value is given as its JSON text.
class RowReader {
 public:
  /// Errors: not_found, io, invalid_option (format), malformed (an empty file).
  static std::unique_ptr<RowReader> open(const std::filesystem::path& file, const ReadOptions& options = {});
  /// Whether open() can tell the format of a file that exists.
  static bool format_is_known(const std::filesystem::path& file);
  /// Text files whose lines belong together: row i has line i of each. Error mismatch when one ends before another.
  static std::unique_ptr<RowReader> open_aligned(std::span<const std::filesystem::path> files,
                                                 std::span<const std::string> columns);
  virtual ~RowReader();
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;

  /// False at the end. Error malformed names file, row and field: a ragged row, an open quote, a NUL byte, bytes that
  /// are no UTF-8 (with their offset within the field), bad JSON.
  bool next(Row& row);

  /// JSON: the fields of the rows so far, in the order they appeared; known before the first next().
  const std::vector<std::string>& columns() const noexcept { return columns_; }
  /// The position of a column by name, or by its number from 1. Error not_found lists the columns there are, names the
  /// nearest and says which option (`option`, without dashes) to set.
  std::size_t column(std::string_view name_or_number, std::string_view option) const;
  std::optional<std::size_t> find_column(std::string_view name) const;
  /// For messages: their names, quoted; long names and long lists are cut.
  std::string list_columns() const;

  /// Whether a label is a word, so that a label field with a space in it is several (fasttext).
  virtual bool labels_are_words() const { return false; }

  const std::string& source() const noexcept { return source_; }
  /// For messages: "reviews.csv, row 3 (line 4)".
  std::string where(const Row& row) const;

 protected:
  explicit RowReader(std::string source) : source_(std::move(source)) {}
  /// Fills line and fields; row.number is set.
  virtual bool read(Row& row) = 0;
  /// Throws unless the text is valid UTF-8 without NUL bytes; `where` opens the message.
  static void check_text(std::string_view text, std::string_view where);

  std::vector<std::string> columns_;

 private:
  std::string source_;
  std::uint64_t count_ = 0;
};

}  // namespace gptask

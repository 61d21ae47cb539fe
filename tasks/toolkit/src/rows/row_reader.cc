#include "gptask/toolkit/row_reader.h"

#include <algorithm>
#include <charconv>

#include "gpt/core/error.h"
#include "gptask/toolkit/utf8.h"
#include "readers.h"

namespace gptask {
namespace {

using gpt::ErrorCode;
using gpt::fail;

const std::vector<std::string> formats{"csv", "tsv", "json", "jsonl", "fasttext", "labeled", "text"};

/// The format that a file's name tells; "" for an unknown extension. A .txt file is told by its first bytes.
std::string format_of(const std::filesystem::path& file, const TextFile& content) {
  const std::string extension = data_extension(file);
  if (extension == ".csv" || extension == ".tsv" || extension == ".json" || extension == ".jsonl")
    return extension.substr(1);
  if (extension == ".ndjson") return "jsonl";
  if (extension == ".ft" || content.starts_with("__label__")) return "fasttext";
  return extension == ".txt" ? "text" : "";
}

bool parse_number(std::string_view text, std::size_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// A name as an error message shows it: quoted, and cut where somebody's first row was taken for a header.
std::string shown(const std::string& name) {
  constexpr std::size_t longest = 40;
  return fmt::format("\"{}{}\"", name.substr(0, utf8_cut(name, longest)), name.size() > longest ? "..." : "");
}

}  // namespace

void declare_read_options(gpt::Options& options) {
  using Kind = gpt::OptionSpec::Kind;
  options.declare({"format",
                   Kind::text,
                   "auto",
                   "Format of the data files; auto: by the file's name",
                   {"auto", "csv", "tsv", "json", "jsonl", "fasttext", "labeled", "text"},
                   {"file_format"}});
  options.declare({"header",
                   Kind::text,
                   "auto",
                   "Whether the first row of a csv or tsv file names the columns; auto: yes, "
                   "unless columns are given by number",
                   {"auto", "yes", "no"},
                   {}});
  options.declare({"quotes",
                   Kind::text,
                   "auto",
                   "Whether csv or tsv fields may be quoted; auto: csv yes, tsv no",
                   {"auto", "yes", "no"},
                   {}});
  options.declare({"extra_columns",
                   Kind::text,
                   "refuse",
                   "Fields of a csv or tsv row beyond those of the first row",
                   {"refuse", "drop"},
                   {}});
}

ReadOptions read_options(const gpt::Options& options) {
  const auto given = [&](const char* name) { return options.text(name) != "auto"; };
  ReadOptions read;
  if (given("format")) read.format = options.text("format");
  if (given("header")) read.header = options.text("header") == "yes";
  if (given("quotes")) read.quotes = options.text("quotes") == "yes";
  read.drop_extra = options.text("extra_columns") == "drop";
  return read;
}

std::string data_extension(std::filesystem::path file) {
  if (file.extension() == ".gz" || file.extension() == ".zst") file.replace_extension();
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return extension;
}

RowReader::~RowReader() = default;

std::unique_ptr<RowReader> RowReader::open(const std::filesystem::path& file, const ReadOptions& options) {
  if (!options.format.empty() && std::find(formats.begin(), formats.end(), options.format) == formats.end())
    fail(ErrorCode::invalid_option, "--format takes one of {}, not \"{}\"", fmt::join(formats, ", "), options.format);
  TextFile text(file);
  const std::string format = options.format.empty() ? format_of(file, text) : options.format;
  if (format == "csv" || format == "tsv") {
    const bool csv = format == "csv";
    return std::make_unique<DelimitedReader>(std::move(text), csv ? ',' : '\t', options.quotes.value_or(csv),
                                             options.header.value_or(true), options.drop_extra);
  }
  if (format == "json" || format == "jsonl") return std::make_unique<JsonReader>(std::move(text), format == "jsonl");
  if (format == "fasttext") return std::make_unique<LineReader>(std::move(text), LineReader::Kind::fasttext);
  if (format == "labeled") return std::make_unique<LineReader>(std::move(text), LineReader::Kind::labeled);
  if (format == "text") return std::make_unique<LineReader>(std::move(text), LineReader::Kind::text);
  fail(ErrorCode::invalid_option, "{}: its name does not tell its format; say --format with one of {}", file.string(),
       fmt::join(formats, ", "));
}

bool RowReader::format_is_known(const std::filesystem::path& file) { return !format_of(file, TextFile(file)).empty(); }

bool RowReader::next(Row& row) {
  row.number = count_ + 1;
  if (!read(row)) return false;
  ++count_;
  for (std::size_t i = 0; i < row.fields.size(); ++i) {
    if (row.fields[i]) check_text(*row.fields[i], fmt::format("{}, column {}", where(row), shown(columns_[i])));
  }
  return true;
}

void RowReader::check_text(std::string_view text, std::string_view where) {
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
    fail(ErrorCode::malformed, "{}: a NUL byte at byte {}; the file is damaged, binary or UTF-16 (UTF-8 is needed)",
         where, nul);
  if (const std::size_t bad = find_bad_utf8(text); bad != std::string_view::npos)
    fail(ErrorCode::malformed,
         "{}: byte 0x{:02X} at byte {} is no UTF-8; convert the file (iconv -f WINDOWS-1252 -t UTF-8, say)", where,
         static_cast<unsigned char>(text[bad]), bad);
}

std::optional<std::size_t> RowReader::find_column(std::string_view name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

std::size_t RowReader::column(std::string_view name, std::string_view option) const {
  if (const auto found = find_column(name)) {
    if (std::count(columns_.begin(), columns_.end(), name) > 1)
      fail(ErrorCode::malformed, "{}: {} columns are named \"{}\"; say which by its number: --{} {}", source_,
           std::count(columns_.begin(), columns_.end(), name), name, option, *found + 1);
    return *found;
  }
  std::size_t number = 0;
  if (parse_number(name, number) && number >= 1 && number <= columns_.size()) return number - 1;
  const std::string nearest = gpt::nearest_name(name, columns_);
  fail(ErrorCode::not_found, "{}: there is no column \"{}\" (--{}); it has {}{}", source_, name, option, list_columns(),
       nearest.empty() ? "" : fmt::format("; did you mean {}?", shown(nearest)));
}

std::string RowReader::list_columns() const {
  constexpr std::size_t most = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(columns_.size(), most); ++i) text += (i > 0 ? ", " : "") + shown(columns_[i]);
  return columns_.size() > most ? fmt::format("{} and {} more", text, columns_.size() - most) : text;
}

std::string RowReader::where(const Row& row) const {
  return row.line == 0 ? fmt::format("{}, row {}", source_, row.number)
                       : fmt::format("{}, row {} (line {})", source_, row.number, row.line);
}

}  // namespace gptask

#include "gpt/core/error.h"
#include "readers.h"

namespace gptask {
namespace {

using gpt::ErrorCode;
using gpt::fail;

constexpr std::string_view space = " \t";
constexpr std::string_view label_prefix = "__label__";

/// Takes the first word off a line, with the space around it.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(space), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(space));
  line.remove_prefix(word.size());
  line.remove_prefix(std::min(line.find_first_not_of(space), line.size()));
  return word;
}

/// Several text files side by side.
class AlignedReader : public RowReader {
 public:
  AlignedReader(std::span<const std::filesystem::path> files, std::span<const std::string> columns)
      : RowReader(fmt::format("{}", fmt::join(names(files), " + "))) {
    for (const auto& file : files) files_.emplace_back(file);
    columns_.assign(columns.begin(), columns.end());
  }

 private:
  static std::vector<std::string> names(std::span<const std::filesystem::path> files) {
    std::vector<std::string> names;
    for (const auto& file : files) names.push_back(file.string());
    return names;
  }

  bool read(Row& row) override {
    row.line = row.number;
    row.fields.assign(files_.size(), std::string());
    std::size_t ended = files_.size(), going = files_.size();
    for (std::size_t i = 0; i < files_.size(); ++i) (files_[i].line(*row.fields[i]) ? going : ended) = i;
    if (ended < files_.size() && going < files_.size())
      fail(ErrorCode::mismatch, "{} ends after {} lines, {} goes on; aligned files have the same number of lines",
           files_[ended].name(), row.number - 1, files_[going].name());
    return ended == files_.size();
  }

  std::vector<TextFile> files_;
};

}  // namespace

std::unique_ptr<RowReader> RowReader::open_aligned(std::span<const std::filesystem::path> files,
                                                   std::span<const std::string> columns) {
  if (files.empty() || files.size() != columns.size())
    fail(ErrorCode::invalid_option, "aligned text takes a name for each file: {} files, {} names", files.size(),
         columns.size());
  return std::make_unique<AlignedReader>(files, columns);
}

LineReader::LineReader(TextFile file, Kind kind) : RowReader(file.name()), file_(std::move(file)), kind_(kind) {
  columns_ = kind == Kind::text ? std::vector<std::string>{"text"} : std::vector<std::string>{"label", "text"};
}

bool LineReader::read(Row& row) {
  row.line = file_.line_number();
  if (!file_.line(line_)) return false;
  if (kind_ == Kind::text) {
    row.fields.assign(1, line_);
    return true;
  }
  std::string_view rest = line_;
  row.fields.assign(2, std::nullopt);
  if (kind_ == Kind::labeled) {
    row.fields[0] = take_word(rest);
  } else {
    while (rest.starts_with(label_prefix)) {
      const std::string_view label = take_word(rest).substr(label_prefix.size());
      row.fields[0] = row.fields[0] ? fmt::format("{} {}", *row.fields[0], label) : std::string(label);
    }
  }
  row.fields[1] = rest;
  return true;
}

}  // namespace gptask

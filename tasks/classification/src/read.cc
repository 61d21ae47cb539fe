// Files and texts -> examples.
#include <algorithm>
#include <map>

#include "encode.h"
#include "glue.h"
#include "gpt/core/error.h"
#include "gpt/core/log.h"
#include "gptask/classification/data.h"
#include "gptask/classification/task.h"
#include "gptask/toolkit/labels.h"

namespace gptask {

using gpt::ErrorCode;
using gpt::fail;

/// An open file and where its columns are.
struct ClassificationTask::Source {
  std::unique_ptr<RowReader> reader;
  Columns columns;
};

namespace {

constexpr std::size_t most_labels_shown = 20;

std::string quoted_list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most_labels_shown); ++i)
    text += fmt::format("{}\"{}\"", i > 0 ? ", " : "", names[i]);
  return names.size() > most_labels_shown ? fmt::format("{} and {} more", text, names.size() - most_labels_shown)
                                          : text;
}

/// The fields of these columns as one text.
std::string join_fields(const RowReader& reader, const Row& row, const std::vector<std::size_t>& columns,
                        const std::string& delimiter) {
  std::string text;
  for (const std::size_t column : columns) {
    const auto& field = row.fields[column];
    if (!field) fail(ErrorCode::malformed, "{}: the row has no \"{}\"", reader.where(row), reader.columns()[column]);
    if (column != columns.front()) text += delimiter;
    text += *field;
  }
  return text;
}

std::string read_label(const RowReader& reader, const Row& row, std::size_t column, const std::string& until) {
  constexpr std::string_view space = " \t\r\n";
  std::string_view label;
  if (const auto& field = row.fields[column]) label = *field;
  if (!until.empty()) label = label.substr(0, label.find(until));
  label.remove_prefix(std::min(label.find_first_not_of(space), label.size()));
  label = label.substr(0, label.find_last_not_of(space) + 1);
  if (label.empty())
    fail(ErrorCode::malformed, "{}: the label (column \"{}\") is empty", reader.where(row), reader.columns()[column]);
  if (label.find_first_of("\t\r\n") != std::string_view::npos)
    fail(ErrorCode::malformed, "{}: the label (column \"{}\") has a tab or a line break in it; is it the right column?",
         reader.where(row), reader.columns()[column]);
  return std::string(label);
}

/// What stands for an input without any token.
std::int32_t empty_token(const gpt::Tokenizer& tokenizer, const std::string& where) {
  if (const auto token = tokenizer.eos() ? tokenizer.eos() : tokenizer.bos()) return *token;
  fail(ErrorCode::unsupported,
       "{}: the text is empty, and this tokenizer has no end-of-text token to stand for it; leave the row out", where);
}

void check_max_tokens(std::int64_t max_tokens) {
  if (max_tokens < 1) fail(ErrorCode::invalid_option, "--max_seq_length must be at least 1, not {}", max_tokens);
}

/// Adds one input. False where it has no token and `keep_empty` does not want it.
bool add_example(ClassificationData& data, const Input& input, const gpt::Tokenizer& tokenizer, std::int64_t max_tokens,
                 bool keep_empty, std::uint64_t row) {
  Encoded encoded;
  if (!input.empty()) encoded = encode_input(input, tokenizer, max_tokens);
  if (encoded.tokens.empty()) {
    if (!keep_empty) return false;
    encoded.tokens = {empty_token(tokenizer, fmt::format("{}, row {}", data.source, row))};
  }
  if (encoded.truncated) ++data.truncated;
  data.examples.push_back({std::move(encoded.tokens), {}});
  data.rows.push_back(row);
  data.texts.push_back(input.text);
  return true;
}

}  // namespace

ColumnWish ClassificationTask::wished_columns() const {
  const bool text_given = !given_columns_.text.empty();
  return {text_given ? given_columns_.text : stored_columns_.text,
          text_given ? given_columns_.pair : stored_columns_.pair,
          given_columns_.label.empty() ? stored_columns_.label : given_columns_.label};
}

ReadOptions ClassificationTask::wished_format(const std::filesystem::path& file) const {
  ReadOptions options = given_format_;
  if (data_extension(file) != stored_extension_) return options;
  if (options.format.empty()) options.format = stored_format_.format;
  if (!options.header) options.header = stored_format_.header;
  if (!options.quotes) options.quotes = stored_format_.quotes;
  return options;
}

ClassificationTask::Source ClassificationTask::open(const std::filesystem::path& file, bool with_label) const {
  ColumnWish wish = wished_columns();
  ReadOptions options = wished_format(file);
  const GlueTask* glue = find_glue_task(task_name_);
  const bool may_lack_header = glue && glue->without_header.any() && !wish.any() && !options.header;
  if (!options.header) options.header = !wish.by_number();
  std::unique_ptr<RowReader> reader = RowReader::open(file, options);
  if (may_lack_header && !reader->find_column("sentence")) {
    options.header = false;
    reader = RowReader::open(file, options);
    wish = glue->without_header;
  }
  const bool nothing_to_choose = !with_label && given_columns_.text.empty() && wish.pair.empty();
  if (nothing_to_choose && reader->columns().size() == 1) wish.text = {"1"};
  Columns columns = find_columns(*reader, wish, names(), with_label);
  return {std::move(reader), std::move(columns)};
}

std::unique_ptr<gpt::TaskData> ClassificationTask::read(const std::filesystem::path& file,
                                                        const gpt::Tokenizer& tokenizer, std::int64_t max_tokens,
                                                        gpt::Purpose purpose) {
  check_max_tokens(max_tokens);
  const bool training = purpose == gpt::Purpose::train, with_label = purpose != gpt::Purpose::predict;
  if (!training) need_labels();
  const auto [reader, columns] = open(file, with_label);
  if (training) pair_ = !columns.pair.empty();
  if (pair_ == columns.pair.empty())
    fail(ErrorCode::mismatch,
         "{}: the model was trained on {}; --text_column and --text_pair_column say where they are", reader->source(),
         pair_ ? "pairs of texts, and one text was found" : "single texts, and a pair was found");

  auto data = std::make_unique<ClassificationData>();
  data->source = reader->source();
  std::vector<std::string> row_labels;
  std::uint64_t skipped = 0;
  for (Row row; reader->next(row);) {
    std::string text = join_fields(*reader, row, columns.text, delimiter_);
    const Input input = pair_ ? pair_input(text, join_fields(*reader, row, columns.pair, delimiter_), separator_)
                              : single_input(std::move(text));
    std::string label = with_label ? read_label(*reader, row, *columns.label, label_until_) : "";
    const std::int32_t known = purpose == gpt::Purpose::evaluate ? label_index(label, reader->where(row)) : -1;
    if (!add_example(*data, input, tokenizer, max_tokens, !training, row.number)) {
      ++skipped;
      continue;
    }
    data->examples.back().target.label = known;
    if (training) row_labels.push_back(std::move(label));
  }
  if (skipped > 0) data->skipped["empty text"] = skipped;
  if (data->examples.empty())
    fail(ErrorCode::malformed, "{} has no rows{}", data->source,
         skipped > 0 ? fmt::format(" with a text ({} are empty)", skipped) : "");
  if (training) {
    learn_labels(data->source, row_labels);
    stored_columns_ = wished_columns();
    stored_format_ = wished_format(file);
    stored_extension_ = data_extension(file);
    for (std::size_t i = 0; i < row_labels.size(); ++i)
      data->examples[i].target.label = label_index(row_labels[i], data->source);
  }
  data->labels = std::make_shared<const std::vector<std::string>>(labels_);
  return data;
}

std::unique_ptr<gpt::TaskData> ClassificationTask::from_texts(std::span<const std::string> texts,
                                                              const gpt::Tokenizer& tokenizer,
                                                              std::int64_t max_tokens) const {
  check_max_tokens(max_tokens);
  auto data = std::make_unique<ClassificationData>();
  data->source = "texts";
  data->labels = std::make_shared<const std::vector<std::string>>(labels_);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string_view text = texts[i];
    const std::size_t tab = text.find('\t');
    if (pair_ && tab == std::string_view::npos)
      fail(ErrorCode::mismatch, "text {}: the model compares two texts; write them with a tab between them", i + 1);
    const Input input =
        pair_ ? pair_input(text.substr(0, tab), text.substr(tab + 1), separator_) : single_input(texts[i]);
    add_example(*data, input, tokenizer, max_tokens, true, i + 1);
  }
  return data;
}

void ClassificationTask::learn_labels(const std::string& source, const std::vector<std::string>& row_labels) {
  std::map<std::string, std::int64_t> counts;
  for (const std::string& label : row_labels) ++counts[label];
  if (counts.size() < 2)
    fail(ErrorCode::malformed,
         "{}: every row has the label \"{}\"; a classifier needs two labels or more (is --label_column right?)", source,
         counts.begin()->first);
  const std::string metric = main_metric();
  const bool for_two = metric == "f1" || metric == "precision" || metric == "recall" || metric == "combined_score";
  if (for_two && counts.size() != 2)
    fail(ErrorCode::invalid_option, "--metric_name {} is for two labels; {} has {}. Take f1_macro or f1_weighted",
         metric, source, counts.size());
  if (counts.size() > 50 && counts.size() * 2 > row_labels.size())
    gpt::log_warning("{}: {} different labels in {} rows; is --label_column right?", source, counts.size(),
                     row_labels.size());
  labels_.clear();
  label_counts_.clear();
  for (const auto& [label, count] : counts) labels_.push_back(label);
  sort_labels(labels_);
  for (const std::string& label : labels_) label_counts_.push_back(counts[label]);
}

std::int32_t ClassificationTask::label_index(const std::string& label, const std::string& where) const {
  const auto found = std::find(labels_.begin(), labels_.end(), label);
  if (found != labels_.end()) return static_cast<std::int32_t>(found - labels_.begin());
  const std::string nearest = gpt::nearest_name(label, labels_);
  fail(ErrorCode::mismatch, "{}: the label \"{}\" is none of those learned in training: {}{}", where, label,
       quoted_list(labels_), nearest.empty() ? "" : fmt::format("; did it mean \"{}\"?", nearest));
}

}  // namespace gptask

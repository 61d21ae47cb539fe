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

/// What stands for an input without any token.
std::int32_t empty_token(const gpt::Tokenizer& tokenizer, const std::string& where) {
  if (const auto token = tokenizer.eos() ? tokenizer.eos() : tokenizer.bos()) return *token;
  fail(ErrorCode::unsupported,
       "{}: the text is empty, and this tokenizer has no end-of-text token to stand for it; leave the row out", where);
}

[[noreturn]] void fail_without_label(const RowReader& reader, const Row& row, const std::string& column) {
  if (reader.labels_are_words())
    fail(ErrorCode::malformed, "{}: the line has no label; write __label__NAME in front of its text, or leave it out",
         reader.where(row));
  fail(ErrorCode::malformed,
       "{}: the row has no \"{}\", where its label should be; give it one, leave the row out, or name another field "
       "with --label_column",
       reader.where(row), column);
}

/// A file of a GLUE task of pairs that has no second text. Of the columns that may hold a pair, the nearest to what the
/// file has are named.
[[noreturn]] void fail_without_pair(const RowReader& reader, const GlueTask& task) {
  std::vector<std::string> missing;
  for (const auto& [first, second] : task.columns.pairs) {
    std::vector<std::string> here;
    for (const std::string& name : {first, second})
      if (!find_any_case(reader, name)) here.push_back(fmt::format("\"{}\"", name));
    if (missing.empty() || here.size() < missing.size()) missing = here;
  }
  const std::string problem = missing.empty() ? "--text_column alone names one"
                                              : fmt::format("the file has no {}", fmt::join(missing, " and no "));
  fail(ErrorCode::not_found,
       "{}: --task_name {} compares two texts, and {}; it has the columns {}. Name both with --text_column and "
       "--text_pair_column, or drop --task_name",
       reader.source(), task.name, problem, reader.list_columns());
}

void check_max_tokens(std::int64_t max_tokens) {
  if (max_tokens < 1) fail(ErrorCode::invalid_option, "--max_seq_length must be at least 1, not {}", max_tokens);
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
  options.drop_extra = options.drop_extra || stored_format_.drop_extra;
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

/// The label field of a row, as the file has it but for white space around it; columns of 0 and 1 as "0,1,1".
std::string ClassificationTask::read_label(const RowReader& reader, const Row& row,
                                           const std::vector<std::size_t>& columns) const {
  constexpr std::string_view space = " \t\r\n";
  std::string field;
  for (const std::size_t column : columns) {
    if (column != columns.front()) field += label_column_separator;
    field += row.fields[column].value_or("");
  }
  std::string_view label = field;
  if (!label_until_.empty()) label = label.substr(0, label.find(label_until_));
  label.remove_prefix(std::min(label.find_first_not_of(space), label.size()));
  label = label.substr(0, label.find_last_not_of(space) + 1);
  const std::string& name = reader.columns()[columns.front()];
  if (columns.size() == 1 && !row.fields[columns.front()] && labels_.problem != Problem::multi_label)
    fail_without_label(reader, row, name);
  if (label.empty() && labels_.problem != Problem::multi_label)
    fail(ErrorCode::malformed, "{}: the label (column \"{}\") is empty", reader.where(row), name);
  if (labels_.problem == Problem::single_label && label.find_first_of("\t\r\n") != std::string_view::npos)
    fail(ErrorCode::malformed, "{}: the label (column \"{}\") has a tab or a line break in it; is it the right column?",
         reader.where(row), name);
  if (const std::size_t end = label.find(' ');
      labels_.problem == Problem::single_label && reader.labels_are_words() && end != std::string_view::npos)
    fail(ErrorCode::unsupported,
         "{}: more than one label (\"{}\", \"{}\"); --problem_type multi_label_classification takes them",
         reader.where(row), label.substr(0, end), label.substr(end + 1));
  return labels_.problem == Problem::single_label ? normalized_label(std::string(label), reader.where(row))
                                                  : std::string(label);
}

/// Adds one input. False where it has no token and `keep_empty` does not want it.
bool ClassificationTask::add_example(ClassificationData& data, std::string_view first, std::string_view second,
                                     const gpt::Tokenizer& tokenizer, std::int64_t max_tokens, bool keep_empty,
                                     std::uint64_t row) const {
  const Input input = pair_ ? pair_input(first, second, separator_) : single_input(std::string(first));
  Encoded encoded;
  const Frame frame{special_token(tokenizer, tokens_.start), special_token(tokenizer, tokens_.extract)};
  if (!input.empty()) encoded = encode_input(input, tokenizer, max_tokens, frame);
  if (encoded.tokens.empty()) {
    if (!keep_empty) return false;
    encoded.tokens = {empty_token(tokenizer, fmt::format("{}, row {}", data.source, row))};
  }
  gpt::Example example;
  if (pair_ && both_orders_ && !input.empty()) {
    const Encoded other = encode_input(pair_input(second, first, separator_), tokenizer, max_tokens, frame);
    example.starts = {static_cast<std::int32_t>(encoded.tokens.size())};
    encoded.tokens.insert(encoded.tokens.end(), other.tokens.begin(), other.tokens.end());
    encoded.truncated = encoded.truncated || other.truncated;
  }
  if (encoded.truncated) data.count_truncated(fmt::format("longer than {} tokens (--max_seq_length)", max_tokens));
  example.tokens = std::move(encoded.tokens);
  data.add(std::move(example), row);
  data.texts.add({&input.text, 1});
  return true;
}

/// What the answers of a training file are: as asked for, as the columns say, or as its first row looks.
void ClassificationTask::begin_learning(const Source& source) {
  labels_ = Labels();
  labels_.delimiter = given_delimiter_;
  const bool several = source.columns.label.size() > 1 || !given_delimiter_.empty();
  if (given_problem_)
    labels_.problem = *given_problem_;
  else if (task_name_ == "stsb")
    labels_.problem = Problem::regression;
  else if (several)
    labels_.problem = Problem::multi_label;
  if (several && labels_.problem != Problem::multi_label)
    fail(ErrorCode::invalid_option,
         "{} is for several labels a row (several label columns, or --label_delimiter), and --problem_type is {}",
         source.reader->source(), problem_name(labels_.problem));
  if (source.columns.label.size() < 2) return;
  std::vector<std::string> names;
  for (const std::size_t column : source.columns.label) names.push_back(source.reader->columns()[column]);
  labels_.set_columns(names);
}

/// All rows were read: labels get their order, and what depends on them is settled.
void ClassificationTask::end_learning(ClassificationData& data) {
  labels_.finish(data.source);
  for (gpt::Example& example : data.examples) labels_.renumber(example.target);
  if (labels_.names().size() > 50 && labels_.names().size() * 2 > data.examples.size())
    gpt::log_warning("{}: {} different labels in {} rows; is --label_column right?", data.source,
                     labels_.names().size(), data.examples.size());
  check_metric(data.source);
  check_calibration();
  weigh_classes(data.source);
}

void ClassificationTask::check_metric(const std::string& source) const {
  static const std::vector<std::string> of_one{
      "accuracy", "f1", "precision", "recall", "f1_macro", "f1_weighted", "matthews_correlation", "combined_score"},
      of_several{"accuracy", "f1_micro", "f1_macro", "f1_weighted", "f1_samples"},
      of_numbers{"pearson", "spearmanr", "combined_score", "mse"};
  const std::string metric = main_metric();
  const auto& known = labels_.problem == Problem::single_label  ? of_one
                      : labels_.problem == Problem::multi_label ? of_several
                                                                : of_numbers;
  if (std::find(known.begin(), known.end(), metric) == known.end())
    fail(ErrorCode::invalid_option, "--metric_name {} is not for {}; take one of {}", metric,
         problem_name(labels_.problem), fmt::join(known, ", "));
  const bool for_two = metric == "f1" || metric == "precision" || metric == "recall" || metric == "combined_score";
  if (labels_.problem == Problem::single_label && for_two && labels_.names().size() != 2)
    fail(ErrorCode::invalid_option, "--metric_name {} is for two labels; {} has {}. Take f1_macro or f1_weighted",
         metric, source, labels_.names().size());
}

void ClassificationTask::check_calibration() const {
  if (calibration_asked_ && labels_.problem != Problem::single_label)
    fail(ErrorCode::invalid_option, "--calibrate is for one label a row, not for {}; leave it out",
         problem_name(labels_.problem));
}

/// balanced: rows / (labels * rows with the label), as scikit-learn has it.
void ClassificationTask::weigh_classes(const std::string& source) {
  class_weights_.clear();
  const bool single = labels_.problem == Problem::single_label;
  if (!single && (!given_class_weights_.empty() || label_smoothing_ > 0))
    fail(ErrorCode::invalid_option, "--class_weights and --label_smoothing_factor are for one label a row, not for {}",
         problem_name(labels_.problem));
  if (given_class_weights_.empty()) return;
  const std::vector<std::string>& names = labels_.names();
  if (given_class_weights_ == std::vector<std::string>{"balanced"}) {
    for (const std::int64_t count : labels_.counts())
      class_weights_.push_back(static_cast<float>(static_cast<double>(labels_.rows()) /
                                                  static_cast<double>(names.size()) / static_cast<double>(count)));
    return;
  }
  for (const std::string& text : given_class_weights_) {
    double weight = 0;
    if (!parse_number(text, weight) || weight < 0)
      fail(ErrorCode::invalid_option, "--class_weights takes balanced or numbers from 0, not \"{}\"", text);
    class_weights_.push_back(static_cast<float>(weight));
  }
  if (class_weights_.size() != names.size())
    fail(ErrorCode::invalid_option, "--class_weights has {} numbers; {} has {} labels, in this order: {}",
         class_weights_.size(), source, names.size(), fmt::join(names, ", "));
}

std::unique_ptr<gpt::TaskData> ClassificationTask::read(const std::filesystem::path& file, const gpt::Reading& how) {
  check_max_tokens(how.max_tokens);
  const bool training = how.purpose == gpt::Purpose::train, with_label = how.purpose != gpt::Purpose::predict;
  if (!training) need_labels();
  const Source source = open(file, with_label);
  const auto& [reader, columns] = source;
  if (training) pair_ = !columns.pair.empty();
  if (const GlueTask* glue = find_glue_task(task_name_); training && glue && !glue->columns.pairs.empty() && !pair_)
    fail_without_pair(*reader, *glue);
  if (pair_ == columns.pair.empty())
    fail(ErrorCode::mismatch,
         "{}: the model was trained on {}; --text_column and --text_pair_column say where they are", reader->source(),
         pair_ ? "pairs of texts, and one text was found" : "single texts, and a pair was found");
  if (both_orders_ && !pair_)
    fail(ErrorCode::invalid_option, "--both_orders is for pairs of texts; {} has one text a row", reader->source());
  if (training) begin_learning(source);

  auto data = std::make_unique<ClassificationData>();
  data->source = reader->source();
  std::uint64_t skipped = 0;
  for (Row row; (training || data->examples.size() < how.most_rows) && reader->next(row);) {
    how.tell(row.number);
    const std::string text = join_fields(*reader, row, columns.text, delimiter_);
    const std::string second = pair_ ? join_fields(*reader, row, columns.pair, delimiter_) : "";
    const std::string where = with_label ? reader->where(row) : "";
    std::string label;
    if (with_label) {
      if (training && row.number == 1 && !given_problem_) guess_problem(row, columns.label);
      label = read_label(*reader, row, columns.label);
    }
    gpt::Target target;
    if (data->examples.size() >= how.most_rows) {
      if (!text.empty() || !second.empty()) labels_.learn(label, where, target);
      continue;
    }
    if (with_label && !training) target = labels_.target(label, where);
    if (!add_example(*data, text, second, how.tokenizer, how.max_tokens, !training, row.number)) {
      ++skipped;
      continue;
    }
    if (training) labels_.learn(label, where, target);
    data->examples.back().target = std::move(target);
  }
  if (skipped > 0) data->skipped["empty text"] = skipped;
  if (data->examples.empty())
    fail(ErrorCode::malformed, "{} has no rows{}", data->source,
         skipped > 0 ? fmt::format(" with a text ({} are empty)", skipped) : "");
  if (training) {
    end_learning(*data);
    stored_columns_ = wished_columns();
    stored_format_ = wished_format(file);
    stored_extension_ = data_extension(file);
  }
  data->labels = std::make_shared<const Labels>(labels_);
  return data;
}

/// A list in the first row: several labels.
void ClassificationTask::guess_problem(const Row& row, const std::vector<std::size_t>& columns) {
  const bool list = columns.size() == 1 && row.fields[columns[0]] && row.fields[columns[0]]->starts_with("[") &&
                    nlohmann::json::accept(*row.fields[columns[0]]);
  if (list && labels_.problem == Problem::single_label) labels_.problem = Problem::multi_label;
}

std::unique_ptr<gpt::TaskData> ClassificationTask::from_texts(std::span<const std::string> texts,
                                                              const gpt::Tokenizer& tokenizer,
                                                              std::int64_t max_tokens) const {
  check_max_tokens(max_tokens);
  auto data = std::make_unique<ClassificationData>();
  data->source = "texts";
  data->labels = std::make_shared<const Labels>(labels_);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string_view text = texts[i];
    const std::size_t tab = text.find('\t');
    if (pair_ && tab == std::string_view::npos)
      fail(ErrorCode::mismatch, "text {}: the model compares two texts; write them with a tab between them", i + 1);
    const std::string_view first = pair_ ? text.substr(0, tab) : text, second = pair_ ? text.substr(tab + 1) : "";
    add_example(*data, first, second, tokenizer, max_tokens, true, i + 1);
  }
  return data;
}

}  // namespace gptask

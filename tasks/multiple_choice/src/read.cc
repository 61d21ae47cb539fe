// Files and texts -> questions with choices.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "gpt/core/error.h"
#include "gptask/multiple_choice/task.h"

namespace gptask {
namespace {

using gpt::ErrorCode;
using gpt::fail;
using Names = std::vector<std::string>;

/// Sets of columns whose texts, one after the other, are the question: SWAG has its beginning in two.
const std::vector<Names> usual_questions{{"question"}, {"goal"},  {"premise"},  {"context"}, {"sent1", "sent2"},
                                         {"sent1"},    {"query"}, {"sentence"}, {"text"},    {"1"}};
/// Sets of columns with a choice each; or a single one with a list.
const std::vector<Names> usual_choices{{"choices"},
                                       {"options"},
                                       {"endings"},
                                       {"ending0", "ending1", "ending2", "ending3"},
                                       {"choice1", "choice2"},
                                       {"sol1", "sol2"},
                                       {"option1", "option2"},
                                       {"answerA", "answerB", "answerC"},
                                       {"A", "B", "C", "D"},
                                       {"2", "3", "4", "5"}};
const std::vector<Names> usual_labels{{"label"}, {"answerKey"}, {"answer"}, {"gold"}, {"target"}, {"6"}};

/// A list of choices and, where the file has them, their names (A, B, ...).
struct Choices {
  Names texts, names;
};

Names texts_in(const nlohmann::json& list) {
  Names texts;
  for (const auto& item : list) texts.push_back(item.is_string() ? item.get<std::string>() : item.dump());
  return texts;
}

/// Of one field: a JSON list, or an object with "text" and perhaps "label".
Choices choices_in(const std::string& field, const std::string& where) {
  const auto json = nlohmann::json::parse(field, nullptr, false);
  if (json.is_array()) return {texts_in(json), {}};
  if (json.is_object() && json.contains("text") && json["text"].is_array())
    return {texts_in(json["text"]), json.contains("label") ? texts_in(json["label"]) : Names{}};
  fail(ErrorCode::malformed, "{}: the choices \"{}\" are no JSON list of texts", where, field.substr(0, 60));
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first));
}

/// Which choice a label means; -1: a letter beyond the choices that the row has.
std::int32_t index_of(const std::string& label, const Choices& choices, std::int64_t first, const std::string& where) {
  const auto among = [&](const Names& names) -> std::int32_t {
    const auto found = std::find(names.begin(), names.end(), label);
    return found == names.end() ? -1 : static_cast<std::int32_t>(found - names.begin());
  };
  if (const std::int32_t named = among(choices.names); named >= 0) return named;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), number);
  std::int64_t index = -1;
  if (error == std::errc() && end == label.data() + label.size()) {
    index = number - first;
  } else if (label.size() == 1 && label[0] >= 'A' && label[0] <= 'Z') {
    index = label[0] - 'A';
  } else {
    index = among(choices.texts);
  }
  if (index >= static_cast<std::int64_t>(choices.texts.size()) && label.size() == 1 && number == 0 && index < 8)
    return -1;  // a choice that the file lost: ARC in four columns has questions with five
  if (index < 0 || index >= static_cast<std::int64_t>(choices.texts.size()))
    fail(
        ErrorCode::malformed,
        "{}: \"{}\" is none of the {} choices; a right choice is a number (--first_choice {} says where they start), a "
        "letter, or the choice itself",
        where, label, choices.texts.size(), first);
  return static_cast<std::int32_t>(index);
}

void append(std::vector<std::int32_t>& tokens, const std::optional<std::int32_t>& token) {
  if (token) tokens.push_back(*token);
}

/// Whole choices, the question cut at its start where both do not fit.
gpt::Example encode(const std::string& prompt, const Names& choices, const gpt::Tokenizer& tokenizer,
                    const SpecialTokens& special, std::int64_t max_tokens, bool& cut, const std::string& where) {
  const auto start = special_token(tokenizer, special.start), extract = special_token(tokenizer, special.extract);
  std::vector<std::int32_t> question = tokenizer.encode(prompt, true);
  append(question, special_token(tokenizer, special.delimiter));
  std::vector<std::vector<std::int32_t>> answers;
  std::size_t longest = 0;
  for (const std::string& choice : choices) {
    answers.push_back(tokenizer.encode(" " + choice));
    if (answers.back().empty()) fail(ErrorCode::malformed, "{}: a choice is empty", where);
    append(answers.back(), extract);
    longest = std::max(longest, answers.back().size());
  }
  const auto most = static_cast<std::size_t>(max_tokens - (start ? 1 : 0));
  if (longest + 1 > most)
    fail(ErrorCode::invalid_option, "{}: a choice of {} tokens does not fit into --max_seq_length {}", where, longest,
         max_tokens);
  cut = question.size() + longest > most;
  if (cut) question.erase(question.begin(), question.end() - static_cast<std::ptrdiff_t>(most - longest));
  if (start) question.insert(question.begin(), *start);
  gpt::Example example;
  example.target.loss_from = static_cast<std::int32_t>(question.size());
  for (const auto& answer : answers) {
    if (!example.tokens.empty()) example.starts.push_back(static_cast<std::int32_t>(example.tokens.size()));
    example.tokens.insert(example.tokens.end(), question.begin(), question.end());
    example.tokens.insert(example.tokens.end(), answer.begin(), answer.end());
  }
  return example;
}

}  // namespace

/// An open file and where its columns are.
class MultipleChoiceTask::Reader {
 public:
  Reader(const std::filesystem::path& file, const ReadOptions& format, const Columns& wish, bool with_label,
         const std::string& label_file)
      : rows_(RowReader::open(file, format)) {
    const Names questions = wish.question.empty() ? first_there(usual_questions) : wish.question;
    if (questions.empty()) fail_without("question_column");
    for (const std::string& name : questions) questions_.push_back(rows_->column(name, "question_column"));
    const Names choices = wish.choices.empty() ? first_there(usual_choices) : wish.choices;
    if (choices.empty())
      fail(ErrorCode::not_found, "{}: which columns hold the choices? It has {}. Say --choice_columns A,B,C",
           rows_->source(), rows_->list_columns());
    for (const std::string& name : choices) choices_.push_back(rows_->column(name, "choice_columns"));
    if (!with_label) return;
    if (!label_file.empty()) {
      labels_ = RowReader::open(label_file, {"text", {}, {}});
    } else {
      const Names label = wish.label.empty() ? first_there(usual_labels) : Names{wish.label};
      if (label.empty()) fail_without("label_column");
      label_ = rows_->column(label.front(), "label_column");
    }
  }

  bool next() { return rows_->next(row_); }
  const Row& row() const { return row_; }
  std::string where() const { return rows_->where(row_); }
  const std::string& source() const { return rows_->source(); }

  std::string question() const {
    std::string text;
    for (const std::size_t column : questions_) text += (text.empty() ? "" : " ") + trimmed(field(column));
    return text;
  }

  Choices choices() const {
    if (choices_.size() == 1) return choices_in(field(choices_[0]), where());
    Choices choices;
    for (const std::size_t column : choices_)
      if (std::string text = trimmed(field(column)); !text.empty()) choices.texts.push_back(std::move(text));
    return choices;
  }

  std::string label() {
    if (labels_ == nullptr) return trimmed(field(label_));
    Row line;
    if (!labels_->next(line) || !line.fields[0])
      fail(ErrorCode::mismatch, "{} ends before {}; it needs a line a row", labels_->source(), rows_->source());
    return trimmed(*line.fields[0]);
  }

 private:
  /// The first of these sets whose columns are all there; none: empty.
  Names first_there(const std::vector<Names>& sets) const {
    const auto found = std::find_if(sets.begin(), sets.end(), [&](const Names& names) {
      return std::all_of(names.begin(), names.end(), [&](const auto& name) { return rows_->find_column(name); });
    });
    return found == sets.end() ? Names() : *found;
  }

  [[noreturn]] void fail_without(const char* option) const {
    fail(ErrorCode::not_found, "{}: which column is it? It has {}. Say --{} NAME", rows_->source(),
         rows_->list_columns(), option);
  }

  const std::string& field(std::size_t column) const {
    static const std::string empty;
    const auto& value = row_.fields[column];
    return value ? *value : empty;
  }

  std::unique_ptr<RowReader> rows_, labels_;
  std::vector<std::size_t> questions_, choices_;
  std::size_t label_ = 0;
  Row row_;
};

void MultipleChoiceTask::add(ChoiceData& data, const std::string& question, std::vector<std::string> choices,
                             const gpt::Tokenizer& tokenizer, std::int64_t max_tokens, std::uint64_t row,
                             const std::string& where) const {
  if (choices.size() < 2) fail(ErrorCode::malformed, "{}: {} choices; two or more are due", where, choices.size());
  std::string prompt = template_;
  constexpr std::string_view mark = "{question}";
  prompt.replace(prompt.find(mark), mark.size(), question);
  bool cut = false;
  data.add(encode(prompt, choices, tokenizer, tokens_, max_tokens, cut, where), row);
  if (cut) data.count_truncated(fmt::format("longer than {} tokens with a choice (--max_seq_length)", max_tokens));
  choices.insert(choices.begin(), std::move(prompt));
  data.texts.add(choices);
}

std::unique_ptr<gpt::TaskData> MultipleChoiceTask::read(const std::filesystem::path& file, const gpt::Reading& how) {
  const bool with_label = how.purpose != gpt::Purpose::predict;
  Reader reader(file, format_, columns_, with_label, label_file_);
  auto data = std::make_unique<ChoiceData>();
  data->source = reader.source();
  std::size_t most = 0;
  std::uint64_t skipped = 0, lost = 0;
  const bool training = how.purpose == gpt::Purpose::train;
  while ((training || data->examples.size() < how.most_rows) && reader.next()) {
    how.tell(reader.row().number);
    Choices choices = reader.choices();
    most = std::max(most, choices.texts.size());
    if (data->examples.size() >= how.most_rows) continue;
    if (choices.texts.empty()) {
      if (with_label) reader.label();  // a file of labels has a line for this row too
      ++skipped;
      continue;
    }
    const std::int32_t label = with_label ? index_of(reader.label(), choices, first_choice_, reader.where()) : -1;
    if (with_label && label < 0) {
      ++lost;
      continue;
    }
    if (!training && most > static_cast<std::size_t>(most_choices_))
      fail(ErrorCode::mismatch, "{}: {} choices, where the model compares {} at most", reader.where(), most,
           most_choices_);
    add(*data, reader.question(), std::move(choices.texts), how.tokenizer, how.max_tokens, reader.row().number,
        reader.where());
    data->examples.back().target.label = label;
  }
  if (skipped > 0) data->skipped["no choices"] = skipped;
  if (lost > 0) data->skipped["the right choice is not among the choices"] = lost;
  if (data->examples.empty()) fail(ErrorCode::malformed, "{} has no rows with choices", data->source);
  if (training) most_choices_ = static_cast<std::int64_t>(most);
  return data;
}

std::unique_ptr<gpt::TaskData> MultipleChoiceTask::from_texts(std::span<const std::string> texts,
                                                              const gpt::Tokenizer& tokenizer,
                                                              std::int64_t max_tokens) const {
  auto data = std::make_unique<ChoiceData>();
  data->source = "texts";
  for (std::size_t i = 0; i < texts.size(); ++i) {
    Names parts;
    for (std::size_t begin = 0; begin <= texts[i].size();) {
      const std::size_t tab = std::min(texts[i].find('\t', begin), texts[i].size());
      parts.push_back(texts[i].substr(begin, tab - begin));
      begin = tab + 1;
    }
    const std::string question = parts.front();
    parts.erase(parts.begin());
    const std::string where = fmt::format("text {}", i + 1);
    if (parts.size() > static_cast<std::size_t>(most_choices_))
      fail(ErrorCode::mismatch, "{}: {} choices, where the model compares {} at most", where, parts.size(),
           most_choices_);
    add(*data, question, std::move(parts), tokenizer, max_tokens, i + 1, where);
  }
  return data;
}

}  // namespace gptask

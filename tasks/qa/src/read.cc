// Files and texts -> questions.
#include <nlohmann/json.hpp>

#include "gpt/core/error.h"
#include "gptask/qa/task.h"
#include "windows.h"

namespace gptask {
namespace {

using gpt::ErrorCode;
using gpt::fail;
using Json = nlohmann::json;

/// A member of an object of SQuAD's JSON, of the type that T stands for.
template <typename T>
T member(const Json& object, const char* name, const std::string& where) {
  try {
    return object.at(name).get<T>();
  } catch (const Json::exception&) {
    fail(ErrorCode::malformed, "{}: \"{}\" is missing or of the wrong type", where, name);
  }
}

const Json& list_of(const Json& object, const char* name, const std::string& where) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_array()) fail(ErrorCode::malformed, "{}: \"{}\" must be a list", where, name);
  return *found;
}

Json parsed(const std::string& text, const std::string& where, const std::string& field) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) fail(ErrorCode::malformed, "{}: \"{}\" is no JSON", where, field);
  return json;
}

struct Answer {
  std::string text;
  std::int64_t start = 0;
};

/// {"text": [...], "answer_start": [...]}, the lists side by side.
std::vector<Answer> answers_of_lists(const Json& object, const std::string& where) {
  const Json &texts = list_of(object, "text", where), &starts = list_of(object, "answer_start", where);
  if (texts.size() != starts.size())
    fail(ErrorCode::malformed, "{}: {} answers and {} answer_starts", where, texts.size(), starts.size());
  std::vector<Answer> answers;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!texts[i].is_string() || !starts[i].is_number_integer())
      fail(ErrorCode::malformed, "{}: answer {} must be a text and a whole number", where, i + 1);
    answers.push_back({texts[i].get<std::string>(), starts[i].get<std::int64_t>()});
  }
  return answers;
}

std::string field(const RowReader& reader, const Row& row, const std::string& column, const char* option) {
  const auto& value = row.fields[reader.column(column, option)];
  if (!value) fail(ErrorCode::malformed, "{}: the row has no \"{}\"", reader.where(row), column);
  return *value;
}

/// Answers that are known go into the question; training needs the first, evaluation all of them.
void take_answers(Question& question, const Passage& passage, const std::vector<Answer>& answers,
                  const std::string& where) {
  question.known = true;
  for (const Answer& answer : answers) {
    if (answer.text.empty()) fail(ErrorCode::malformed, "{}: an answer is empty; leave it out of the list", where);
    const gpt::Range range = locate(passage, answer.text, answer.start, where);
    if (question.answers.empty()) question.first_answer = range;
    question.answers.push_back(answer.text);
  }
}

bool wants_answers(const gpt::Reading& how) { return how.purpose != gpt::Purpose::predict; }

/// One article of SQuAD's JSON.
void read_article(const std::string& text, const std::string& where, const gpt::Reading& how, Windows& windows) {
  const Json paragraphs = parsed(text, where, "paragraphs");
  if (!paragraphs.is_array()) fail(ErrorCode::malformed, "{}: \"paragraphs\" must be a list", where);
  for (std::size_t p = 0; p < paragraphs.size(); ++p) {
    const std::string at = fmt::format("{}, paragraph {}", where, p + 1);
    windows.set_passage(member<std::string>(paragraphs[p], "context", at));
    for (const Json& item : list_of(paragraphs[p], "qas", at)) {
      if (windows.questions() >= how.most_rows) return;
      Question question;
      question.id = member<std::string>(item, "id", at);
      const std::string here = fmt::format("{}, question {}", at, question.id);
      question.text = member<std::string>(item, "question", here);
      if (wants_answers(how) || item.contains("answers")) {
        std::vector<Answer> answers;
        for (const Json& answer : list_of(item, "answers", here))
          answers.push_back(
              {member<std::string>(answer, "text", here), member<std::int64_t>(answer, "answer_start", here)});
        take_answers(question, windows.passage(), answers, here);
      }
      windows.add(question, here);
      how.tell(windows.questions());
    }
  }
}

/// The answers of a row: lists, one text and its start, or none.
std::vector<Answer> answers_of(const RowReader& reader, const Row& row, const QaColumns& columns) {
  const std::string where = reader.where(row), answers = field(reader, row, columns.answers, "answer_column");
  if (answers.empty()) return {};
  if (answers.front() == '{') return answers_of_lists(parsed(answers, where, columns.answers), where);
  const std::string start = field(reader, row, columns.start, "answer_start_column");
  const Json number = parsed(start, where, columns.start);
  if (!number.is_number_integer())
    fail(ErrorCode::malformed, "{}: {} \"{}\" is no whole number", where, columns.start, start);
  return {{answers, number.get<std::int64_t>()}};
}

/// Rows with a question and a passage each; questions about one passage that follow one another share it.
void read_flat(RowReader& reader, const QaColumns& columns, const gpt::Reading& how, Windows& windows) {
  const auto id = reader.find_column(columns.id);
  for (Row row; windows.questions() < how.most_rows && reader.next(row);) {
    how.tell(row.number);
    Question question;
    question.id = id && row.fields[*id] ? *row.fields[*id] : std::to_string(row.number);
    question.text = field(reader, row, columns.question, "question_column");
    std::string context = field(reader, row, columns.context, "context_column");
    if (windows.questions() == 0 || windows.passage().text != context) windows.set_passage(std::move(context));
    if (wants_answers(how) || reader.find_column(columns.answers))
      take_answers(question, windows.passage(), answers_of(reader, row, columns), reader.where(row));
    windows.add(question, reader.where(row));
  }
}

}  // namespace

std::unique_ptr<gpt::TaskData> QaTask::read(const std::filesystem::path& file, const gpt::Reading& how) {
  const auto reader = RowReader::open(file, format_);
  Windows windows(windows_, how.tokenizer, how.max_tokens, reader->source());
  if (const auto paragraphs = reader->find_column("paragraphs")) {
    for (Row row; windows.questions() < how.most_rows && reader->next(row);) {
      const std::string where = reader->where(row);
      if (!row.fields[*paragraphs]) fail(ErrorCode::malformed, "{}: the article has no \"paragraphs\"", where);
      read_article(*row.fields[*paragraphs], where, how, windows);
    }
  } else {
    read_flat(*reader, columns_, how, windows);
  }
  if (windows.questions() == 0) fail(ErrorCode::malformed, "{} has no questions", reader->source());
  std::unique_ptr<QaData> data = windows.finish();
  if (!wants_answers(how) || spans_.version2) return data;
  for (std::size_t i = 0; i < data->questions(); ++i)
    if (const Question question = data->question(i); question.answers.empty())
      fail(ErrorCode::malformed,
           "{}: question {} has no answer; data with such questions needs --version_2_with_negative", data->source,
           question.id);
  return data;
}

std::unique_ptr<gpt::TaskData> QaTask::from_texts(std::span<const std::string> texts, const gpt::Tokenizer& tokenizer,
                                                  std::int64_t max_tokens) const {
  Windows windows(windows_, tokenizer, max_tokens, "texts");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::size_t tab = texts[i].find('\t');
    if (tab == std::string::npos)
      fail(ErrorCode::mismatch, "text {}: write the question, a tab, and the passage", i + 1);
    Question question;
    question.id = std::to_string(i + 1);
    question.text = texts[i].substr(0, tab);
    windows.set_passage(texts[i].substr(tab + 1));
    windows.add(question, fmt::format("text {}", i + 1));
  }
  return windows.finish();
}

}  // namespace gptask

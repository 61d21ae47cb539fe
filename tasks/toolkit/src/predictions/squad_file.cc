#include "predictions/squad_file.h"

#include <algorithm>
#include <iterator>

#include "gpt/core/error.h"
#include "gpt/io/compressed_file.h"
#include "gpt/io/json.h"
#include "gptask/toolkit/row_reader.h"

namespace gptask {
namespace {

using Json = nlohmann::json;
using gpt::ErrorCode;
using gpt::fail;

std::string text_of(const std::filesystem::path& file) {
  const auto stream = gpt::open_text(file);
  return {std::istreambuf_iterator<char>(*stream), {}};
}

const Json& member(const Json& object, const char* name, const std::string& where) {
  if (!object.is_object() || !object.contains(name))
    fail(ErrorCode::malformed, "{}: there is no \"{}\"; is it a file of SQuAD?", where, name);
  return object[name];
}

std::string string_member(const Json& object, const char* name, const std::string& where) {
  const Json& value = member(object, name, where);
  if (!value.is_string()) fail(ErrorCode::malformed, "{}: \"{}\" is {}, not a text", where, name, value.type_name());
  return value;
}

const Json& list_member(const Json& object, const char* name, const std::string& where) {
  const Json& value = member(object, name, where);
  if (!value.is_array()) fail(ErrorCode::malformed, "{}: \"{}\" is {}, not a list", where, name, value.type_name());
  return value;
}

/// [{"text": ...}, ...] or {"text": [...]}
std::vector<std::string> answers_of(const Json& question, const std::string& where) {
  std::vector<std::string> answers;
  const Json& value = member(question, "answers", where);
  if (value.is_object()) {
    for (const Json& text : list_member(value, "text", where)) {
      if (!text.is_string()) fail(ErrorCode::malformed, "{}: an answer is {}, not a text", where, text.type_name());
      answers.push_back(text);
    }
    return answers;
  }
  for (const Json& answer : list_member(question, "answers", where))
    answers.push_back(string_member(answer, "text", where));
  return answers;
}

void add_question(SquadFile& file, const Json& question, const std::string& passage, const std::string& where) {
  SquadQuestion one;
  one.id = string_member(question, "id", where);
  const std::string there = fmt::format("{}, question \"{}\"", where, one.id);
  one.answers = answers_of(question, there);
  if (question.contains("question") && question["question"].is_string()) one.question = question["question"];
  one.passage = passage;
  file.questions.push_back(std::move(one));
}

void read_articles(SquadFile& file, const Json& dataset, const std::string& where) {
  std::size_t number = 0;
  for (const Json& article : list_member(dataset, "data", where)) {
    const std::string there = fmt::format("{}, article {}", where, ++number);
    for (const Json& paragraph : list_member(article, "paragraphs", there)) {
      const std::string passage = string_member(paragraph, "context", there);
      for (const Json& question : list_member(paragraph, "qas", there)) add_question(file, question, passage, there);
    }
  }
  if (const auto version = dataset.find("version"); version != dataset.end() && version->is_string()) {
    const std::string text = *version;
    file.version2 = text.rfind("v2", 0) == 0 || text.rfind('2', 0) == 0;
  }
}

void read_lines(SquadFile& file, std::string_view text, const std::string& where) {
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string there = fmt::format("{}, line {}", where, number);
    const Json row = gpt::parse_json(line, there);
    add_question(file, row, row.is_object() ? row.value("context", "") : "", there);
  }
}

}  // namespace

SquadFile read_squad(const std::filesystem::path& file) {
  const std::string text = text_of(file), where = file.string();
  SquadFile squad;
  if (const std::string extension = data_extension(file); extension == ".jsonl" || extension == ".ndjson")
    read_lines(squad, text, where);
  else
    read_articles(squad, gpt::parse_json(text, where), where);
  if (squad.questions.empty()) fail(ErrorCode::malformed, "{}: there is no question", where);
  for (const SquadQuestion& question : squad.questions) squad.version2 |= question.answers.empty();
  return squad;
}

Json read_by_id(const std::filesystem::path& file) {
  Json json = gpt::parse_json(text_of(file), file.string());
  if (json.is_object()) return json;
  if (!json.is_array()) fail(ErrorCode::malformed, "{}: an object of ids and answers is needed", file.string());
  Json by_id = Json::object();
  std::size_t number = 0;
  for (const Json& entry : json) {
    const std::string where = fmt::format("{}, entry {}", file.string(), ++number);
    by_id[string_member(entry, "id", where)] = string_member(entry, "prediction_text", where);
  }
  return by_id;
}

}  // namespace gptask

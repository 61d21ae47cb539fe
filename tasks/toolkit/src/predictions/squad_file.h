// Official files of SQuAD: questions with their answers, predictions by id.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gptask {

struct SquadQuestion {
  std::string id, question;
  std::vector<std::string> answers;
  std::string passage;
};

struct SquadFile {
  std::vector<SquadQuestion> questions;
  bool version2 = false;  ///< the file says so, or a question has no answer
};

/// {"data": [{"paragraphs": [{"context", "qas": [{"id", "answers": [{"text"}]}]}]}]}, or rows with id and answers
/// ({"text": [...]}), as JSON lines. Errors: malformed, naming what is missing where.
SquadFile read_squad(const std::filesystem::path& file);

/// {id: value}, or a list of {"id", "prediction_text"}. Error malformed.
nlohmann::json read_by_id(const std::filesystem::path& file);

}  // namespace gptask

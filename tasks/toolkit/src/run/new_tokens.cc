#include "run/new_tokens.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/io/json.h"
#include "rows/temporary_folder.h"

namespace gptask {

std::shared_ptr<const gpt::Tokenizer> with_tokens(std::shared_ptr<const gpt::Tokenizer> tokenizer,
                                                  const std::vector<std::string>& tokens) {
  std::vector<std::string> missing;
  for (const std::string& token : tokens) {
    if (token.empty() || token.find_first_of(" \t\r\n") != std::string::npos)
      gpt::fail(gpt::ErrorCode::invalid_option, "\"{}\" is no name for a token; take one such as <|extract|>", token);
    const auto known = tokenizer->id_of(token);
    if (known && !tokenizer->is_special(*known))
      gpt::fail(gpt::ErrorCode::invalid_option, "\"{}\" is an ordinary token of this tokenizer; take another name",
                token);
    if (!known && std::find(missing.begin(), missing.end(), token) == missing.end()) missing.push_back(token);
  }
  if (missing.empty()) return tokenizer;
  const TemporaryFolder folder(memory_folder());
  tokenizer->save(folder.path());
  nlohmann::ordered_json json =
      nlohmann::ordered_json::parse(gpt::read_json_file(folder.path() / "tokenizer.json").dump());
  auto id = static_cast<std::int64_t>(tokenizer->vocabulary_size());
  for (const std::string& token : missing)
    json["added_tokens"].push_back({{"id", id++},
                                    {"content", token},
                                    {"single_word", false},
                                    {"lstrip", false},
                                    {"rstrip", false},
                                    {"normalized", false},
                                    {"special", true}});
  gpt::write_json_file(folder.path() / "tokenizer.json", json);
  return gpt::Tokenizer::load(folder.path());
}

}  // namespace gptask

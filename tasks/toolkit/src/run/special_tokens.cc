#include "gptask/toolkit/special_tokens.h"

#include "gpt/core/error.h"

namespace gptask {

void SpecialTokens::declare(gpt::Options& options, const std::string& delimiter, const std::string& extract) {
  using Kind = gpt::OptionSpec::Kind;
  options.declare({"start_token", Kind::text, "",
                   "A special token before the input (GPT-1), such as <|start|>; the model learns it if it is new"});
  options.declare({"delimiter_token", Kind::text, "", delimiter});
  options.declare({"extract_token", Kind::text, "", extract});
}

void SpecialTokens::configure(const gpt::Options& options) {
  if (options.given("start_token")) start = options.text("start_token");
  if (options.given("delimiter_token")) delimiter = options.text("delimiter_token");
  if (options.given("extract_token")) extract = options.text("extract_token");
}

std::vector<std::string> SpecialTokens::names() const {
  std::vector<std::string> names;
  for (const std::string& name : {start, delimiter, extract})
    if (!name.empty()) names.push_back(name);
  return names;
}

nlohmann::ordered_json SpecialTokens::state() const {
  return {{"start", start}, {"delimiter", delimiter}, {"extract", extract}};
}

void SpecialTokens::restore(const nlohmann::ordered_json& task_state) {
  const auto tokens = task_state.value("tokens", nlohmann::ordered_json::object());
  start = tokens.value("start", "");
  delimiter = tokens.value("delimiter", "");
  extract = tokens.value("extract", "");
}

std::optional<std::int32_t> special_token(const gpt::Tokenizer& tokenizer, const std::string& name) {
  if (name.empty()) return std::nullopt;
  if (const auto id = tokenizer.id_of(name)) return id;
  gpt::fail(gpt::ErrorCode::mismatch, "the tokenizer has no token \"{}\", which the input template needs", name);
}

}  // namespace gptask

// gptask tokenize: the tokens of texts.
#include <fmt/format.h>

#include <iostream>

#include "arguments.h"
#include "command.h"
#include "gpt/core/error.h"
#include "gpt/text/tokenizer.h"
#include "gptask/toolkit/models.h"
#include "result_output.h"
#include "text_lines.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;

const Usage usage = {"gptask tokenize --model M (--text T ... | --file F | < LINES) [OPTIONS]",
                     "Shows the tokens of each text as id and token; with --json also their offsets in code points.",
                     "gptask tokenize --model SmolLM2-135M-Instruct.Q4_1.gguf --text \"In 1984.\""};

void show(const gpt::Tokenizer& tokenizer, const std::string& text, bool special, bool json) {
  const gpt::Encoding encoding = tokenizer.encode_with_offsets(text, special);
  std::vector<std::string> tokens;
  for (const std::int32_t id : encoding.ids) tokens.push_back(tokenizer.token(id));
  if (json) {
    nlohmann::ordered_json offsets = nlohmann::ordered_json::array();
    for (const gpt::Range& range : encoding.code_points) offsets.push_back({range.begin, range.end});
    return print_json({{"text", text}, {"ids", encoding.ids}, {"tokens", tokens}, {"offsets", offsets}});
  }
  std::string line;
  for (std::size_t i = 0; i < tokens.size(); ++i)
    line += fmt::format("{}{}:{}", i > 0 ? " " : "", encoding.ids[i], tokens[i]);
  fmt::print("{}\n", line);
}

}  // namespace

int tokenize_command(const std::vector<std::string>& raw) {
  Arguments arguments(raw);
  gpt::Options options;
  declare_common(options);
  options.declare({"model",
                   Kind::text,
                   "",
                   "a folder, tokenizer.json or .gguf file",
                   {},
                   {"model_name_or_path", "tokenizer_name", "m"}});
  options.declare({"text", Kind::text, "", "a text; may be repeated"});
  options.declare({"file", Kind::text, "", "a file with a text a line"});
  options.declare({"add_special_tokens", Kind::flag, "false", "with the tokens that the tokenizer adds by itself"});
  if (arguments.wants_help()) {
    print_help(usage, options);
    return 0;
  }
  arguments.parse(options);
  if (options.text("model").empty()) gpt::fail(gpt::ErrorCode::invalid_option, "--model is missing");
  if (!arguments.positional().empty())
    gpt::fail(gpt::ErrorCode::invalid_option, "\"{}\" is no option; give texts with --text", arguments.positional()[0]);
  const auto tokenizer = gpt::Tokenizer::load(find_model(options.text("model")));
  const bool json = options.flag("json"), special = options.flag("add_special_tokens");
  if (options.given("text")) {
    for (const std::string& text : arguments.all("text")) show(*tokenizer, text, special, json);
    return 0;
  }
  std::ifstream file;
  if (options.given("file")) file = open_text(options.text("file"));
  LineReader lines(options.given("file") ? file : std::cin,
                   options.given("file") ? options.text("file") : "standard input");
  std::string line;
  while (lines.next(line)) show(*tokenizer, line, special, json);
  return 0;
}

}  // namespace gptask::app

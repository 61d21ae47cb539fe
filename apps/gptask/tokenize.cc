// gptask tokenize: the tokens of texts.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iostream>

#include "arguments.h"
#include "command.h"
#include "common_options.h"
#include "gpt/core/error.h"
#include "gpt/text/tokenizer.h"
#include "gptask/toolkit/models.h"
#include "result_output.h"
#include "text_lines.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;

const Usage usage = {"gptask tokenize --model M (--text T ... | --file F | < LINES) [OPTIONS]",
                     "Shows the tokens of each text as id and token; with --json also their offsets in code points and "
                     "in bytes. With --decode "
                     "it goes the other way.",
                     "gptask tokenize --model SmolLM2-135M-Instruct.Q4_1.gguf --text \"In 1984.\""};

nlohmann::ordered_json pairs(const std::vector<gpt::Range>& ranges) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const gpt::Range& range : ranges) list.push_back({range.begin, range.end});
  return list;
}

struct Manner {
  bool decode = false;
  bool add_special = false;
  bool literal = false;
  bool skip_special = false;
  bool json = false;
};

/// Ids between spaces or commas.
std::vector<std::int32_t> parse_ids(const std::string& text) {
  std::vector<std::int32_t> ids;
  constexpr const char* kBetween = " ,\t[]";
  for (std::size_t at = text.find_first_not_of(kBetween); at != std::string::npos;) {
    const std::size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    std::int32_t id = 0;
    const auto [stop, error] = std::from_chars(text.data() + at, text.data() + end, id);
    if (error != std::errc() || stop != text.data() + end)
      gpt::fail(gpt::ErrorCode::invalid_option, "--decode: \"{}\" is no token id", text.substr(at, end - at));
    ids.push_back(id);
    at = text.find_first_not_of(kBetween, end);
  }
  return ids;
}

void show_text(const gpt::Tokenizer& tokenizer, const std::string& text, const Manner& manner) {
  const std::vector<std::int32_t> ids = parse_ids(text);
  const std::string decoded = tokenizer.decode(ids, manner.skip_special);
  if (manner.json) return print_json({{"ids", ids}, {"text", decoded}});
  fmt::print("{}\n", decoded);
}

void show(const gpt::Tokenizer& tokenizer, const std::string& text, const Manner& manner) {
  if (manner.decode) return show_text(tokenizer, text, manner);
  const gpt::Encoding encoding = manner.literal ? tokenizer.encode_literally(text, manner.add_special)
                                                : tokenizer.encode_with_offsets(text, manner.add_special);
  std::vector<std::string> tokens;
  for (const std::int32_t id : encoding.ids) tokens.push_back(tokenizer.token(id));
  if (manner.json) {
    return print_json({{"text", text},
                       {"ids", encoding.ids},
                       {"tokens", tokens},
                       {"offsets", pairs(encoding.code_points)},
                       {"byte_offsets", pairs(encoding.bytes)}});
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
  options.declare({"decode", Kind::flag, "false", "each text is a list of token ids, to be turned into text"});
  options.declare({"skip_special_tokens", Kind::flag, "false", "--decode: leave special tokens out of the text"});
  options.declare({"literal", Kind::flag, "false", "special tokens that stand in a text are plain text"});
  if (!parse_or_help(arguments, options, usage)) return 0;
  need_option(options, "model");
  refuse_words(arguments, "give texts with --text");
  const auto tokenizer = gpt::Tokenizer::load(find_model(options.text("model")));
  const Manner manner{options.flag("decode"), options.flag("add_special_tokens"), options.flag("literal"),
                      options.flag("skip_special_tokens"), options.flag("json")};
  if (options.given("text")) {
    for (const std::string& text : arguments.all("text")) show(*tokenizer, text, manner);
    return 0;
  }
  std::ifstream file;
  if (options.given("file")) file = open_text(options.text("file"));
  LineReader lines(options.given("file") ? file : std::cin,
                   options.given("file") ? options.text("file") : "standard input");
  std::string line;
  while (lines.next(line)) show(*tokenizer, line, manner);
  return 0;
}

}  // namespace gptask::app

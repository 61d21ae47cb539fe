// gptask score: how likely a text is, token by token.
#include "gpt/generate/score.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <numeric>

#include "arguments.h"
#include "command.h"
#include "common_options.h"
#include "gpt/core/error.h"
#include "gpt/io/atomic_file.h"
#include "gptask/toolkit/language_model.h"
#include "precision_option.h"
#include "progress.h"
#include "result_output.h"
#include "signals.h"
#include "text_lines.h"
#include "token_ids.h"
#include "training_options.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;
using Json = nlohmann::ordered_json;

const Usage usage = {
    "gptask score --model M (--file F | --text T | --ids-file F) [OPTIONS]",
    "Shows how likely a text is: log-probabilities (natural logarithms) of its tokens, perplexity, and bits for a "
    "byte. The "
    "first token has nothing before it and is not scored. A text longer than the context is scored in windows that "
    "overlap; every token counts once.",
    "gptask score --model SmolLM2-135M-Instruct.Q4_1.gguf --file README.md --output tokens.tsv"};

struct Text {
  std::string source, content;  // content: empty where ids were given
  std::vector<std::int32_t> tokens;
  std::vector<std::size_t> bytes;  // of each token; empty where that is not known
};

Text read(const gpt::Options& options, const LanguageModel& model) {
  Text text;
  if (options.given("ids_file")) {
    text.source = options.text("ids_file");
    text.tokens = parse_ids(read_text(text.source), text.source);
    for (std::size_t i = 0; model.tokenizer != nullptr && i < text.tokens.size(); ++i)
      text.bytes.push_back(model.tokenizer->decode(std::span(text.tokens).subspan(i, 1)).size());
    return text;
  }
  text.source = options.given("text") ? "the text" : options.text("file");
  text.content = options.given("text") ? options.text("text") : read_text(text.source);
  const auto encoding = model.needs_tokenizer().encode_with_offsets(text.content, options.flag("add_special_tokens"));
  text.tokens = encoding.ids;
  std::size_t end = 0;  // tokens of one character may share it: it counts once
  for (const gpt::Range& range : encoding.bytes) {
    text.bytes.push_back(range.end > end ? range.end - std::max<std::size_t>(end, range.begin) : 0);
    end = std::max<std::size_t>(end, range.end);
  }
  return text;
}

Json summary(const Text& text, const std::vector<float>& scores) {
  const double total = std::accumulate(scores.begin(), scores.end(), 0.0), count = static_cast<double>(scores.size());
  Json json = {{"source", text.source},
               {"tokens", text.tokens.size()},
               {"scored_tokens", scores.size()},
               {"log_probability", total},
               {"mean_log_probability", total / count},
               {"perplexity", std::exp(-total / count)},
               {"bits_per_token", -total / count / std::log(2.0)}};
  if (text.bytes.empty()) return json;
  const auto last = text.bytes.begin() + 1 + std::ssize(scores);
  const std::size_t bytes = std::accumulate(text.bytes.begin() + 1, last, std::size_t{0});
  json["scored_bytes"] = bytes;
  if (bytes > 0) json["bits_per_byte"] = -total / std::log(2.0) / static_cast<double>(bytes);
  return json;
}

/// A line a token, as JSON or separated by tabs. The first token's log-probability is null or empty.
std::string token_lines(const Text& text, const std::vector<float>& scores, const LanguageModel& model, bool json) {
  std::string out = json ? "" : "position\tid\tlog_probability\ttoken\n";
  for (std::size_t i = 0; i < text.tokens.size() && i <= scores.size(); ++i) {
    const std::string token =
        model.tokenizer != nullptr ? model.tokenizer->decode(std::span(text.tokens).subspan(i, 1)) : "";
    if (json) {
      Json line = {{"position", i}, {"id", text.tokens[i]}, {"token", token}, {"log_probability", nullptr}};
      if (i > 0) line["log_probability"] = scores[i - 1];
      out += line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    } else {
      fmt::format_to(std::back_inserter(out), "{}\t{}\t{}\t{}\n", i, text.tokens[i],
                     i > 0 ? fmt::format("{:.5f}", scores[i - 1]) : "", one_line(token));
    }
  }
  return out;
}

}  // namespace

int score_command(const std::vector<std::string>& raw) {
  Arguments arguments(raw);
  gpt::Options options;
  declare_common(options);
  declare_language_model_option(options);
  options.declare({"file", Kind::text, "", "a text file, all of it one text; - is standard input"});
  options.declare({"text", Kind::text, "", "a text"});
  options.declare({"ids_file", Kind::text, "", "a file of token ids, separated by spaces or commas, or a JSON list"});
  options.declare({"add_special_tokens", Kind::flag, "false", "with the tokens that the tokenizer adds by itself"});
  options.declare(
      {"window", Kind::integer, "0", "most tokens seen at once; 0: the model's context", {}, {"max_length"}});
  options.declare({"stride", Kind::integer, "0", "how far the window moves; 0: half of it"});
  options.declare(
      {"output", Kind::text, "", "a file for the tokens: .jsonl as JSON lines, else separated by tabs", {}, {"o"}});
  declare_threads_option(options);
  declare_precision_option(options);
  declare_cache_option(options);
  declare_memory_limit(options);
  if (!parse_or_help(arguments, options, usage)) return 0;
  need_option(options, "model");
  refuse_words(arguments, "name the text with --file or --text");
  if (options.given("file") + options.given("text") + options.given("ids_file") != 1)
    gpt::fail(gpt::ErrorCode::invalid_option, "which text? give one of --file, --text and --ids-file");
  catch_signals();
  gpt::Threads threads(thread_count(options));
  const LanguageModel model = load_language_model(options.text("model"), threads, {}, precision_of(options));
  const Text text = read(options, model);
  if (text.tokens.size() < 2)
    gpt::fail(gpt::ErrorCode::invalid_option, "{} has {} tokens; 2 are needed, since the first has nothing before it",
              text.source, text.tokens.size());
  const gpt::ScoreOptions how{options.integer("window"), options.integer("stride"), cache_type_of(options)};
  Progress progress;
  const MemoryEstimate memory = model.memory(
      gpt::scoring_bytes(model.decoder->config(), static_cast<std::int64_t>(text.tokens.size()), how, threads.count()));
  progress.stage(describe(memory));
  check_fits(memory, memory_limit(options), "a smaller --window, --precision int8");
  const std::vector<float> scores = gpt::score(*model.decoder, text.tokens, how, threads, [&](std::size_t done) {
    if (done + 1 < text.tokens.size()) progress.inferred(done, text.tokens.size() - 1);
    return caught_signal() == 0;
  });
  if (caught_signal() != 0) gpt::fail(gpt::ErrorCode::interrupted, "stopped after {} tokens", scores.size());
  const std::string& output = options.text("output");
  if (!output.empty()) gpt::write_file_atomically(output, token_lines(text, scores, model, output.ends_with(".jsonl")));
  Json result = summary(text, scores);
  if (!options.flag("json")) {
    print_values("score", result);
    return 0;
  }
  if (output.empty()) result["log_probabilities"] = scores;
  print_json(result);
  return 0;
}

}  // namespace gptask::app

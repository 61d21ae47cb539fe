// gptask generate: continues prompts.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "arguments.h"
#include "command.h"
#include "common_options.h"
#include "generation_options.h"
#include "gpt/core/error.h"
#include "gpt/generate/memory.h"
#include "gpt/generate/text_stream.h"
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
using Special = gpt::TextStream::Special;

const Usage usage = {
    "gptask generate --model M (--prompt P ... | --prompt-file F | < TEXT) [OPTIONS]",
    "Continues prompts: greedily, by sampling or by beam search. A single continuation is shown token by token on a "
    "terminal. What generation_config.json says holds where no flag is given. A file or standard input is one prompt; "
    "a "
    "line end at its very end is left out. With --json, a line for each continuation: text, tokens, their "
    "log-probabilities, and why it ended.",
    "gptask generate --model SmolLM2-135M-Instruct.Q4_1.gguf --prompt \"Once upon a time\" --max-new-tokens 60 \\\n"
    "      --temperature 0.8 --top-p 0.95 --seed 1"};

struct Prompt {
  std::string text;  // empty where ids were given
  std::vector<std::int32_t> tokens;
};

std::string without_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

std::vector<std::string> texts_of(const gpt::Options& options, const Arguments& arguments) {
  if (options.given("prompt")) return arguments.all("prompt");
  if (!options.given("prompt_file")) return {without_line_end(read_text("-"))};
  std::vector<std::string> texts;
  for (const std::string& file : arguments.all("prompt_file")) texts.push_back(without_line_end(read_text(file)));
  return texts;
}

bool in_template(const gpt::Options& options) {
  return options.flag("apply_chat_template") || options.given("chat_template") || options.given("system");
}

Prompt encoded(const std::string& text, const gpt::Options& options, const LanguageModel& model) {
  const gpt::Tokenizer& tokenizer = model.needs_tokenizer();
  if (!in_template(options)) {
    Prompt prompt{text, tokenizer.encode(text, true)};
    const auto first = tokenizer.bos() ? tokenizer.bos() : tokenizer.eos();
    if (prompt.tokens.empty() && first) prompt.tokens.push_back(*first);  // a text from nothing
    return prompt;
  }
  const gpt::ChatTemplate chat = chat_template_of(options, tokenizer);
  std::vector<gpt::ChatMessage> messages;
  if (options.given("system")) messages.push_back({"system", options.text("system")});
  messages.push_back({"user", text});
  return {text, tokenizer.encode(chat.render(messages, true))};
}

std::vector<Prompt> prompts_of(const gpt::Options& options, const Arguments& arguments, const LanguageModel& model) {
  std::vector<Prompt> prompts;
  if (options.given("ids")) {
    for (const std::string& ids : arguments.all("ids")) prompts.push_back({"", parse_ids(ids, "--ids")});
    return prompts;
  }
  for (const std::string& text : texts_of(options, arguments)) prompts.push_back(encoded(text, options, model));
  return prompts;
}

/// Text of a continuation, without what a stop string takes away; ids where there is no tokenizer.
std::string text_of(const gpt::Generation& generation, const Prompt& prompt, const gpt::GenerateOptions& o,
                    Special special) {
  if (o.tokenizer == nullptr) return fmt::format("{}", fmt::join(generation.tokens, " "));
  gpt::TextStream stream(*o.tokenizer, prompt.tokens, o.stop_strings, special);
  std::string text;
  for (const std::int32_t token : generation.tokens) text += stream.push(token);
  return text + stream.finish();
}

Json json_of(const gpt::Generation& generation, const Prompt& prompt, const gpt::GenerateOptions& o, Special special) {
  Json json;
  if (o.tokenizer != nullptr) json["prompt"] = prompt.text;
  json["prompt_tokens"] = prompt.tokens.size();
  json["text"] = text_of(generation, prompt, o, special);
  json["tokens"] = generation.tokens;
  json["reason"] = gpt::stop_reason_name(generation.reason);
  if (o.num_beams > 1) json["score"] = generation.score;
  json["log_probabilities"] = generation.log_probabilities;
  if (o.top_log_probabilities == 0) return json;
  for (const auto& place : generation.top_log_probabilities) {
    Json list = Json::array();
    for (const gpt::TokenScore& one : place) {
      Json entry = {{"token", one.token}, {"log_probability", one.log_probability}};
      if (o.tokenizer != nullptr) entry["text"] = o.tokenizer->decode({&one.token, 1});
      list.push_back(std::move(entry));
    }
    json["top_log_probabilities"].push_back(std::move(list));
  }
  return json;
}

void print_all(const std::vector<gpt::Generation>& all, const std::vector<Prompt>& prompts,
               const gpt::GenerateOptions& o, const gpt::Options& options, Special special) {
  const auto each = static_cast<std::size_t>(o.num_return_sequences);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Prompt& prompt = prompts[i / each];
    if (options.flag("json")) {
      print_json(json_of(all[i], prompt, o, special));
      continue;
    }
    if (all.size() > 1) fmt::print("--- prompt {}, continuation {}\n", i / each + 1, i % each + 1);
    fmt::print("{}{}\n", options.flag("echo") ? prompt.text : "", text_of(all[i], prompt, o, special));
  }
}

/// Tells what keys, values and activations will take, and refuses what would not fit, before any work.
void check_memory(const LanguageModel& model, const std::vector<Prompt>& prompts, const gpt::GenerateOptions& o,
                  int threads, std::int64_t limit, Progress& progress) {
  std::vector<std::int64_t> lengths;
  for (const Prompt& prompt : prompts) lengths.push_back(static_cast<std::int64_t>(prompt.tokens.size()));
  const MemoryEstimate memory = model.memory(gpt::generation_bytes(model.decoder->config(), lengths, o, threads));
  progress.stage(describe(memory));
  check_fits(memory, limit,
             fmt::format("a smaller --batch_size (now {}), --max_new_tokens (now {}) or --num_beams, --kv_cache_dtype "
                         "int8, --precision int8",
                         o.batch_size, o.max_new_tokens));
}

/// One continuation, shown as it comes.
gpt::Generation print_stream(const LanguageModel& model, const Prompt& prompt, const gpt::GenerateOptions& o,
                             gpt::Threads& threads, Special special, gpt::GenerateCallbacks callbacks, bool echo) {
  if (echo) fmt::print("{}", prompt.text);
  gpt::TextStream stream(*o.tokenizer, prompt.tokens, o.stop_strings, special);
  callbacks.token = [&](std::size_t, std::int32_t token) {
    fmt::print("{}", printable(stream.push(token)));
    std::fflush(stdout);
  };
  auto found = generate(*model.decoder, std::vector<std::vector<std::int32_t>>{prompt.tokens}, o, threads, callbacks);
  fmt::print("{}\n", printable(stream.finish()));
  return std::move(found.front());
}

void declare(gpt::Options& options) {
  declare_common(options);
  declare_language_model_option(options);
  options.declare(
      {"prompt", Kind::text, "", "a text to go on from; may be repeated; an empty one begins from nothing"});
  options.declare({"prompt_file", Kind::text, "", "a file with a prompt; may be repeated"});
  options.declare({"ids", Kind::text, "", "a prompt as token ids: \"5, 17, 3\"; may be repeated"});
  options.declare(
      {"apply_chat_template", Kind::flag, "false", "the prompt is what the user says, in the model's chat template"});
  options.declare({"chat_template", Kind::text, "",
                   "the same in another template: chatml, llama2, llama3, mistral, zephyr, or a file"});
  options.declare({"system", Kind::text, "", "the same after this system message"});
  declare_generation_options(options);
  options.declare({"num_return_sequences", Kind::integer, "1", "continuations of each prompt"});
  options.declare({"top_log_probabilities",
                   Kind::integer,
                   "0",
                   "with --json: so many likeliest tokens at each place",
                   {},
                   {"top_logprobs"}});
  options.declare({"echo", Kind::flag, "false", "the prompt first"});
  options.declare({"skip_special_tokens", Kind::flag, "true", "leave special tokens out of the text"});
  options.declare({"batch_size", Kind::integer, "8", "prompts in work at once"});
  declare_threads_option(options);
  declare_precision_option(options);
  declare_cache_option(options);
  declare_memory_limit(options);
}

}  // namespace

int generate_command(const std::vector<std::string>& raw) {
  Arguments arguments(raw);
  gpt::Options options;
  declare(options);
  if (!parse_or_help(arguments, options, usage)) return 0;
  need_option(options, "model");
  refuse_words(arguments, "give the text with --prompt");
  catch_signals();
  gpt::Threads threads(thread_count(options));
  const LanguageModel model =
      load_language_model(options.text("model"), threads, generation_defaults(), precision_of(options));
  gpt::GenerateOptions o = generation_options(options, arguments, model);
  const bool json = options.flag("json");
  read_count(options, "num_return_sequences", o.num_return_sequences);
  read_count(options, "top_log_probabilities", o.top_log_probabilities);
  read_count(options, "batch_size", o.batch_size);
  o.log_probabilities = json;
  o.cache_type = cache_type_of(options);
  const std::vector<Prompt> prompts = prompts_of(options, arguments, model);
  if (in_template(options) && o.tokenizer != nullptr) end_with_turns(o, model);
  Progress progress;
  check_memory(model, prompts, o, threads.count(), memory_limit(options), progress);
  const Special special = options.flag("skip_special_tokens") ? Special::left_out : Special::shown;
  gpt::GenerateCallbacks callbacks;
  callbacks.stop_requested = [] { return caught_signal() != 0; };
  if (isatty(STDOUT_FILENO) == 1 && !json && prompts.size() == 1 && o.num_return_sequences == 1 && o.num_beams == 1 &&
      o.tokenizer != nullptr) {
    print_stream(model, prompts[0], o, threads, special, callbacks, options.flag("echo"));
  } else {
    std::vector<std::vector<std::int32_t>> tokens;
    for (const Prompt& prompt : prompts) tokens.push_back(prompt.tokens);
    const auto each = static_cast<std::size_t>(o.max_new_tokens);
    std::size_t done = 0, total = prompts.size() * static_cast<std::size_t>(o.num_return_sequences) * each;
    callbacks.token = [&](std::size_t, std::int32_t) { progress.inferred(++done, total); };
    callbacks.finished = [&](std::size_t, const gpt::Generation& g) {
      total -= each - std::min(each, g.tokens.size());
    };
    print_all(generate(*model.decoder, tokens, o, threads, callbacks), prompts, o, options, special);
  }
  return caught_signal() != 0 ? 128 + caught_signal() : 0;
}

}  // namespace gptask::app

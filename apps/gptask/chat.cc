// gptask chat: a conversation, turn by turn.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "arguments.h"
#include "command.h"
#include "common_options.h"
#include "conversation.h"
#include "generation_options.h"
#include "gpt/core/error.h"
#include "gpt/generate/memory.h"
#include "gpt/model/kv_cache.h"
#include "gptask/toolkit/utf8.h"
#include "line_input.h"
#include "precision_option.h"
#include "result_output.h"
#include "signals.h"
#include "text_lines.h"
#include "training_options.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;
using Json = nlohmann::ordered_json;

const Usage usage = {
    "gptask chat --model M [--system TEXT] [OPTIONS]",
    "Talks to a model in its own chat template. A line is a message; /help lists the commands, // begins a message "
    "that starts with /. Ctrl-C stops an answer, Ctrl-D or /exit ends. What was said stays in memory, so that a turn "
    "costs its own tokens only; when the context is full the oldest turns are left out. Without a terminal every line "
    "of "
    "standard input is a message or a command, and an error ends the program; with --json each answer is a line.",
    "gptask chat --model SmolLM2-135M-Instruct.Q4_1.gguf --system \"You answer in one sentence.\""};

constexpr const char* commands_help =
    "/reset      forget what was said, but for the system message\n"
    "/save FILE  write the conversation (JSON)\n"
    "/load FILE  go on with one that was written\n"
    "/help       this list\n"
    "/exit       end (as Ctrl-D)\n";

/// Tells what a message and its answer take, and what a full context will; refuses where not even the first fits.
void check_memory(const LanguageModel& model, const gpt::GenerateOptions& o, int threads, std::int64_t limit) {
  constexpr std::int64_t kMessage = 512;  // tokens
  const gpt::ModelConfig& config = model.decoder->config();
  const std::vector<std::int64_t> first{
      std::min(kMessage, std::max<std::int64_t>(1, config.context - o.max_new_tokens))};
  const MemoryEstimate memory = model.memory(gpt::generation_bytes(config, first, o, threads));
  const std::int64_t more = std::max<std::int64_t>(0, config.context - first[0] - o.max_new_tokens);
  fmt::print(stderr, "{}; {} MB when the context of {} tokens is full\n", describe(memory),
             (memory.total() + more * gpt::KvCache::token_bytes(config, o.cache_type)) / 1'000'000, config.context);
  check_fits(memory, limit, "--kv_cache_dtype int8, --precision int8");
}

class Chat {
 public:
  Chat(Conversation& conversation, bool json)
      : conversation_(conversation),
        json_(json),
        terminal_(isatty(STDIN_FILENO) == 1),
        shown_(isatty(STDOUT_FILENO) == 1) {}

  int run() {
    if (terminal_ && !json_) fmt::print(stderr, "/help lists the commands\n");
    for (std::string line;;) {
      if (terminal_) fmt::print(stderr, "> ");
      std::fflush(stderr);
      switch (input_.next(line)) {
        case LineInput::Event::terminated:
          return 128 + caught_signal();
        case LineInput::Event::end:
          if (terminal_) fmt::print(stderr, "\n");
          return 0;
        case LineInput::Event::interrupt:
          if (!terminal_) return 130;
          fmt::print(stderr, "\nCtrl-D or /exit ends\n");
          continue;
        case LineInput::Event::line:
          break;
      }
      if (!take(line)) return caught_signal() != 0 ? 128 + caught_signal() : 0;
    }
  }

 private:
  /// False where the conversation is over. An error ends a script; to a person it is said.
  bool take(const std::string& line) {
    if (!terminal_) return handle(line);
    try {
      return handle(line);
    } catch (const gpt::Error& error) {
      fmt::print(stderr, "{}\n", error.what());
      return true;
    }
  }

  bool handle(const std::string& line) {
    if (const std::size_t bad = find_bad_utf8(line); bad != std::string::npos)
      gpt::fail(gpt::ErrorCode::malformed, "byte {} of the message is no UTF-8", bad + 1);
    if (line.find_first_not_of(" \t") == std::string::npos) return true;
    if (line[0] == '/' && !line.starts_with("//")) return command(line);
    answer(line.starts_with("//") ? line.substr(1) : line);
    return caught_signal() == 0;
  }

  void answer(const std::string& text) {
    const auto piece = [&](const std::string& more) {
      if (json_) return;
      fmt::print("{}", shown_ ? printable(more) : more);
      std::fflush(stdout);
    };
    const Answer answer = conversation_.say(text, piece, [] { return caught_signal() != 0; });
    if (json_) {
      print_json({{"role", "assistant"},
                  {"content", answer.text},
                  {"tokens", answer.generation.tokens.size()},
                  {"prompt_tokens", answer.prompt_tokens},
                  {"cached_tokens", answer.cached_tokens},
                  {"dropped_messages", answer.dropped},
                  {"reason", gpt::stop_reason_name(answer.generation.reason)}});
    } else {
      fmt::print("\n");
    }
    std::fflush(stdout);
    if (answer.dropped > 0 && !told_of_dropping_) {
      told_of_dropping_ = true;
      fmt::print(stderr, "note: the model's context is full: it does not see the oldest turns any more\n");
    }
    if (terminal_ && answer.generation.reason == gpt::StopReason::max_new_tokens)
      fmt::print(stderr, "(cut at --max-new-tokens)\n");
    if (terminal_) forget_interrupt();
  }

  bool command(const std::string& line) {
    const std::size_t space = line.find(' ');
    const std::string name = line.substr(0, space);
    const std::size_t begin = space == std::string::npos ? space : line.find_first_not_of(' ', space);
    const std::string file = begin == std::string::npos ? "" : line.substr(begin);
    if (name == "/exit" || name == "/quit") return false;
    if (name == "/help") {
      fmt::print(stderr, "{}", commands_help);
    } else if (name == "/reset") {
      conversation_.reset();
      fmt::print(stderr, "forgotten\n");
    } else if (name == "/save" || name == "/load") {
      if (file.empty()) gpt::fail(gpt::ErrorCode::invalid_option, "{} needs the name of a file", name);
      if (name == "/save")
        conversation_.save(file);
      else
        conversation_.load(file);
      fmt::print(stderr, "{} {} messages\n", name == "/save" ? "wrote" : "read", conversation_.messages());
    } else {
      gpt::fail(gpt::ErrorCode::invalid_option, "there is no command {}; /help lists them, // begins a message with /",
                name);
    }
    return true;
  }

  Conversation& conversation_;
  LineInput input_;
  bool json_, terminal_, shown_;  // terminals at the input and at the output
  bool told_of_dropping_ = false;
};

}  // namespace

int chat_command(const std::vector<std::string>& raw) {
  Arguments arguments(raw);
  gpt::Options options;
  declare_common(options);
  declare_language_model_option(options);
  options.declare({"system", Kind::text, "", "what the model is told before the conversation", {}, {"system_prompt"}});
  options.declare({"chat_template", Kind::text, "",
                   "another template than the model's: chatml, llama2, llama3, mistral, zephyr, or a file"});
  options.declare({"load", Kind::text, "", "go on with a conversation that /save wrote"});
  declare_generation_options(options);
  declare_threads_option(options);
  declare_precision_option(options);
  declare_cache_option(options);
  declare_memory_limit(options);
  if (!parse_or_help(arguments, options, usage)) return 0;
  need_option(options, "model");
  refuse_words(arguments, "messages come from standard input");
  catch_signals();
  gpt::Threads threads(thread_count(options));
  const LanguageModel model =
      load_language_model(options.text("model"), threads, generation_defaults(), precision_of(options));
  gpt::GenerateOptions o = generation_options(options, arguments, model);
  o.cache_type = cache_type_of(options);
  check_memory(model, o, threads.count(), memory_limit(options));
  Conversation conversation(model, chat_template_of(options, model.needs_tokenizer()), o, threads);
  conversation.set_system(options.text("system"));
  if (options.given("load")) conversation.load(options.text("load"));
  return Chat(conversation, options.flag("json")).run();
}

}  // namespace gptask::app

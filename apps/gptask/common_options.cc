#include "common_options.h"

#include "gpt/core/error.h"

namespace gptask::app {

using Kind = gpt::OptionSpec::Kind;

bool parse_or_help(Arguments& arguments, gpt::Options& options, const Usage& usage) {
  if (arguments.wants_help()) {
    print_help(usage, options);
    return false;
  }
  arguments.parse(options);
  return true;
}

void refuse_words(const Arguments& arguments, std::string_view instead, std::size_t allowed) {
  if (arguments.positional().size() > allowed)
    gpt::fail(gpt::ErrorCode::invalid_option, "\"{}\" is no option; {}", arguments.positional()[allowed], instead);
}

void need_option(const gpt::Options& options, const char* name) {
  if (options.text(name).empty()) gpt::fail(gpt::ErrorCode::invalid_option, "--{} is missing", name);
}

void declare_threads_option(gpt::Options& options) { options.declare({"threads", Kind::integer, "0", "0: all cores"}); }

int thread_count(const gpt::Options& options) {
  const std::int64_t threads = options.integer("threads");
  if (threads < 0 || threads > 1024)
    gpt::fail(gpt::ErrorCode::invalid_option, "--threads must be between 0 (all cores) and 1024, not {}", threads);
  return static_cast<int>(threads);
}

void declare_language_model_option(gpt::Options& options) {
  options.declare({"model",
                   Kind::text,
                   "",
                   "a .gguf file, a Hugging Face folder, an adapter, or a name in GPTASK_MODEL_PATH or the cache",
                   {},
                   {"model_name_or_path", "m"}});
}

}  // namespace gptask::app

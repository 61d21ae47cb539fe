// What most commands begin with: help, missing and misplaced arguments, threads.
#pragma once

#include <string_view>

#include "arguments.h"

namespace gptask::app {

/// False where --help was asked for, which is printed then; else the options have their values.
bool parse_or_help(Arguments& arguments, gpt::Options& options, const Usage& usage);

/// Error invalid_option for arguments that are no flags, beyond the `allowed` first ones: `instead` says what to do.
void refuse_words(const Arguments& arguments, std::string_view instead = "options start with --",
                  std::size_t allowed = 0);
/// Error invalid_option for an option without a value.
void need_option(const gpt::Options& options, const char* name);

void declare_threads_option(gpt::Options& options);
/// Error invalid_option outside 0 .. 1,024.
int thread_count(const gpt::Options& options);

/// A .gguf file, a folder, an adapter: any model that writes.
void declare_language_model_option(gpt::Options& options);

}  // namespace gptask::app

// The flags of gptask generate and chat that say how tokens are chosen.
#pragma once

#include <string>
#include <vector>

#include "arguments.h"
#include "gpt/generate/chat_template.h"
#include "gpt/generate/generate.h"
#include "gptask/toolkit/language_model.h"

namespace gptask::app {

void declare_generation_options(gpt::Options& options);

/// Takes the option's value where it was given. Error invalid_option for one below 0 or above 2^31 - 1.
void read_count(const gpt::Options& options, const char* name, std::int32_t& value);

/// Before generation_config.json and flags.
gpt::GenerateOptions generation_defaults();

/// The model's own options with the flags that were given; a flag of sampling turns do_sample on unless it is given
/// too. Error invalid_option.
gpt::GenerateOptions generation_options(const gpt::Options& options, const Arguments& arguments,
                                        const LanguageModel& model);

/// An answer ends where the assistant's turn does: adds to the model's end tokens those of the usual templates that its
/// vocabulary has.
void end_with_turns(gpt::GenerateOptions& options, const LanguageModel& model);

/// The template that --chat-template names, or the model's own. Its errors say what to do.
gpt::ChatTemplate chat_template_of(const gpt::Options& options, const gpt::Tokenizer& tokenizer);

}  // namespace gptask::app

// Pictures of what a model does with a text: gptask inspect --attention and --next-token.
#pragma once

#include "gpt/core/options.h"

namespace gptask::app {

void declare_picture_options(gpt::Options& options);
bool wants_picture(const gpt::Options& options);
/// Writes the picture that the options ask for, and prints what it shows. Error invalid_option, and what loading the
/// model throws.
void draw_picture(const gpt::Options& options);

}  // namespace gptask::app

// The flags of the Transformers scripts (run_glue.py, run_qa.py, run_summarization.py, ...) that gptask finetune takes
// so that a command line of theirs need not be changed, and that are no options of its own.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "gpt/core/options.h"

namespace gptask::app {

class TransformersFlags {
 public:
  /// Declares them, except where the command or the task has an option of that name. To be made when the help was
  /// printed, which shows them as one paragraph.
  explicit TransformersFlags(gpt::Options& options);

  /// That paragraph, beside the options that are declared.
  static std::string help(const gpt::Options& options);

  /// Error invalid_option where they ask for what is not here: another optimizer, another tokenizer, a download.
  void check(const gpt::Options& options) const;

  /// One line with those that were given and change nothing, and what is done instead; "" if there are none.
  std::string left_out(const gpt::Options& options) const;

 private:
  /// Whether it was given, and is not the task's.
  bool given(const gpt::Options& options, const std::string& name) const;
  void need_model(const gpt::Options& options, const char* name, std::string_view what) const;

  std::set<std::string> declared_;
};

}  // namespace gptask::app

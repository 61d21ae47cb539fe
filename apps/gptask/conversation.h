// A conversation with a model: what was said, and what the model is shown of it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gpt/generate/chat_template.h"
#include "gpt/generate/generate.h"
#include "gpt/generate/prompt_cache.h"
#include "gptask/toolkit/language_model.h"

namespace gptask::app {

struct Answer {
  std::string text;
  gpt::Generation generation;
  std::size_t prompt_tokens = 0;
  std::int32_t cached_tokens = 0;  ///< of the prompt's, that were there from earlier turns
  std::size_t dropped = 0;         ///< messages that the model does not see any more
};

class Conversation {
 public:
  Conversation(const LanguageModel& model, gpt::ChatTemplate chat, const gpt::GenerateOptions& options,
               gpt::Threads& threads);

  /// What opens every prompt; empty: what the template says by itself.
  void set_system(const std::string& text);
  /// The model's answer, whose text `piece` gets as it comes; both messages join the history. The oldest turns are left
  /// out where the context does not hold all, the system message never. Errors: mismatch (the template refuses the
  /// messages), invalid_option (the message alone is too long); the history stays as it was then.
  Answer say(const std::string& text, const std::function<void(const std::string&)>& piece,
             const std::function<bool()>& stop_requested);
  /// Forgets everything but the system message.
  void reset();

  /// A JSON file {"messages": [{"role", "content"}, ...]}, the system message first.
  void save(const std::string& file) const;
  /// Reads one, or a list of messages. Errors not_found, malformed; the conversation stays as it was then.
  void load(const std::string& file);
  std::size_t messages() const noexcept { return history_.size(); }

 private:
  std::vector<std::int32_t> prompt(std::size_t first) const;

  const LanguageModel& model_;
  gpt::ChatTemplate chat_;
  gpt::GenerateOptions options_;
  gpt::Threads& threads_;
  gpt::PromptCache cache_;
  std::optional<gpt::ChatMessage> system_;
  std::vector<gpt::ChatMessage> history_;  // user and assistant in turn
  std::size_t first_ = 0;                  // of the history, that the model still sees
};

}  // namespace gptask::app

// Conversations -> the text a chat model was trained on.
#pragma once

#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gpt {

class Tokenizer;

struct ChatMessage {
  std::string role;  ///< "system", "user", "assistant"
  std::string content;
  friend bool operator==(const ChatMessage&, const ChatMessage&) = default;
};

/// A model's chat template: a program in Jinja, run as Transformers runs it. Immutable; any number of threads may
/// render.
class ChatTemplate {
 public:
  /// The template in the tokenizer's files. Error not_found where there is none, naming the kinds that are built in.
  static ChatTemplate of(const Tokenizer& tokenizer);
  /// A kind that is built in ("chatml", "llama2", "llama3", "mistral", "zephyr"), or the path of a file with a
  /// template. Error not_found names the kinds.
  static ChatTemplate named(const std::string& kind_or_file, const Tokenizer& tokenizer);
  /// From the text itself. `special_tokens`: variables such as bos_token. Errors: malformed and unsupported, with the
  /// line and, of what is not supported, the name.
  explicit ChatTemplate(std::string_view text, const nlohmann::ordered_json& special_tokens = {});
  ~ChatTemplate();
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;

  /// `add_generation_prompt`: with what opens the assistant's turn. `variables`: others that the template knows
  /// (enable_thinking, ...). `now`: for templates that give the date; 0: the present time. Error mismatch where the
  /// template refuses the messages, with its reason.
  std::string render(std::span<const ChatMessage> messages, bool add_generation_prompt,
                     const nlohmann::ordered_json& variables = {}, std::time_t now = 0) const;

  static const std::vector<std::string>& kinds();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gpt

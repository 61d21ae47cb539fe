// Tokens -> text, as they come.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gpt {

class Tokenizer;

/// The text of a continuation, token by token. Bytes of a character that is not complete, and text that may turn out to
/// be the beginning of a stop string, are held back until the next tokens decide. Copyable; tokenizer and stop strings
/// must outlive it.
class TextStream {
 public:
  enum class Special { left_out, shown };

  /// `prompt`: the tokens before, which decide how the first one is spelled. Stop strings must not be empty.
  TextStream(const Tokenizer& tokenizer, std::span<const std::int32_t> prompt,
             std::span<const std::string> stop_strings = {}, Special special = Special::left_out);

  /// The text that this token makes certain. Nothing any more once a stop string has come.
  std::string push(std::int32_t token);
  /// Whether a stop string has come; it and what follows are no part of the text.
  bool stopped() const noexcept { return stopped_; }
  /// What was held back, at the end.
  std::string finish();

 private:
  std::string decoded(std::size_t end) const;
  std::string read();
  std::string push_special(std::int32_t token);
  std::string certain(std::string_view text);

  const Tokenizer* tokenizer_;
  std::span<const std::string> stop_strings_;
  Special special_;
  std::vector<std::int32_t> tokens_;  // a little of what was read, which spells what follows, and what was not
  std::size_t read_;                  // how many of them were read
  std::string held_;                  // may begin a stop string
  bool stopped_ = false;
};

}  // namespace gpt

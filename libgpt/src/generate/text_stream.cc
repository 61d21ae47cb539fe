#include "gpt/generate/text_stream.h"

#include <algorithm>

#include "gpt/text/tokenizer.h"

namespace gpt {
namespace {

constexpr std::size_t kContext = 4;  // tokens before, enough to spell those that follow
constexpr std::size_t kHeld = 8;     // tokens that may be waited for: a character has at most 4 bytes

/// Whether the text ends in U+FFFD: in bytes that are no character, or not yet.
bool ends_open(std::string_view text) { return text.ends_with("\xEF\xBF\xBD"); }

/// Bytes at the end of `text` that begin a stop string.
std::size_t open_tail(std::string_view text, std::span<const std::string> stop_strings) {
  std::size_t longest = 0;
  for (const std::string& stop : stop_strings)
    for (std::size_t size = std::min(text.size(), stop.size() - 1); size > longest; --size)
      if (text.substr(text.size() - size) == std::string_view(stop).substr(0, size)) longest = size;
  return longest;
}

}  // namespace

TextStream::TextStream(const Tokenizer& tokenizer, std::span<const std::int32_t> prompt,
                       std::span<const std::string> stop_strings, Special special)
    : tokenizer_(&tokenizer), stop_strings_(stop_strings), special_(special) {
  const auto context = prompt.last(std::min(prompt.size(), kContext));
  tokens_.assign(context.begin(), context.end());
  read_ = tokens_.size();
}

std::string TextStream::decoded(std::size_t end) const { return tokenizer_->decode(std::span(tokens_).first(end)); }

/// The text of the tokens that were not read, which are read now.
std::string TextStream::read() {
  const std::string before = decoded(read_), all = decoded(tokens_.size());
  std::size_t same = 0;  // what came last may change how the end before it is spelled: an open character
  while (same < before.size() && same < all.size() && before[same] == all[same]) ++same;
  tokens_.erase(tokens_.begin(), tokens_.end() - static_cast<std::ptrdiff_t>(std::min(tokens_.size(), kContext)));
  read_ = tokens_.size();
  return all.substr(same);
}

/// The part of held and new text that is no stop string and cannot become one.
std::string TextStream::certain(std::string_view text) {
  held_ += text;
  std::size_t end = std::string::npos;
  for (const std::string& stop : stop_strings_) end = std::min(end, held_.find(stop));
  if (end != std::string::npos) {
    stopped_ = true;
    std::string out = held_.substr(0, end);
    held_.clear();
    return out;
  }
  const std::size_t size = held_.size() - open_tail(held_, stop_strings_);
  std::string out = held_.substr(0, size);
  held_.erase(0, size);
  return out;
}

std::string TextStream::push(std::int32_t token) {
  if (stopped_) return "";
  if (tokenizer_->is_special(token)) return push_special(token);
  tokens_.push_back(token);
  if (tokens_.size() - read_ < kHeld && ends_open(decoded(tokens_.size()))) return "";
  return certain(read());
}

/// A stop string is looked for within its name, never across its borders: what is held back is text.
std::string TextStream::push_special(std::int32_t token) {
  std::string out = finish();
  tokens_.push_back(token);
  read_ = tokens_.size();
  if (stopped_) return out;
  const std::string name = tokenizer_->token(token);
  const auto found = [&](const std::string& stop) { return name.find(stop) != std::string::npos; };
  stopped_ = std::any_of(stop_strings_.begin(), stop_strings_.end(), found);
  return !stopped_ && special_ == Special::shown ? out + name : out;
}

std::string TextStream::finish() {
  if (stopped_) return "";
  std::string out = tokens_.size() > read_ ? certain(read()) : "";
  if (!stopped_) out += held_;
  held_.clear();
  return out;
}

}  // namespace gpt

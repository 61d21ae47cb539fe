#include "generate/jinja/lexer.h"

#include <algorithm>
#include <charconv>

#include "gpt/core/error.h"

namespace gpt::jinja {
namespace {

using Kind = Token::Kind;

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

/// Newlines as LF; one at the very end is no part of the template.
std::string normalized(std::string_view source) {
  std::string out;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
    } else {
      out += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : text_(normalized(source)) {}

  std::vector<Token> run() {
    while (place_ < text_.size()) {
      const std::size_t tag = next_tag();
      take_text(tag);
      if (tag == std::string::npos) break;
      take_tag();
    }
    add(Kind::end, "");
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void wrong(std::string_view what) const {
    fail(ErrorCode::malformed, "the chat template, line {}: {}", line(), what);
  }
  std::size_t line() const {
    return 1 + static_cast<std::size_t>(std::count(
                   text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(std::min(place_, text_.size())), '\n'));
  }
  void add(Kind kind, std::string value) { tokens_.push_back({kind, std::move(value), line()}); }
  char at(std::size_t index) const { return index < text_.size() ? text_[index] : '\0'; }

  std::size_t next_tag() const {
    for (std::size_t i = text_.find('{', place_); i != std::string::npos; i = text_.find('{', i + 1))
      if (at(i + 1) == '{' || at(i + 1) == '%' || at(i + 1) == '#') return i;
    return std::string::npos;
  }

  void take_text(std::size_t tag) {
    std::string between = text_.substr(place_, tag == std::string::npos ? tag : tag - place_);
    if (tag != std::string::npos) {
      const char sign = at(tag + 2);
      if (sign == '-') {
        while (!between.empty() && is_space(between.back())) between.pop_back();
      } else if (at(tag + 1) != '{' && sign != '+') {
        const std::size_t begin = between.rfind('\n') + 1;  // npos + 1 is 0
        const bool begins_line = begin > 0 || line_begins_;
        if (begins_line && std::all_of(between.begin() + static_cast<std::ptrdiff_t>(begin), between.end(), is_space))
          between.resize(begin);
      }
    }
    if (!between.empty()) add(Kind::text, std::move(between));
    place_ = tag;
  }

  void take_tag() {
    const char kind = at(place_ + 1);
    place_ += 2;
    if (at(place_) == '-' || at(place_) == '+') ++place_;
    if (kind == '#') {
      const std::size_t end = text_.find("#}", place_);
      if (end == std::string::npos) wrong("a comment has no end");
      place_ = end + 2;
      return after_tag(at(end - 1), true);
    }
    const bool block = kind == '%';
    add(block ? Kind::block_begin : Kind::output_begin, "");
    const std::string_view closing = block ? "%}" : "}}";
    for (std::size_t depth = 0;;) {
      while (is_space(at(place_)) && place_ < text_.size()) ++place_;
      if (place_ >= text_.size()) wrong(block ? "a {% has no %}" : "a {{ has no }}");
      const char sign = at(place_) == '-' || at(place_) == '+' ? at(place_) : '\0';
      const std::size_t end = place_ + (sign != '\0' ? 1 : 0);
      if (depth == 0 && std::string_view(text_).substr(end).starts_with(closing)) {
        place_ = end + 2;
        add(block ? Kind::block_end : Kind::output_end, "");
        return after_tag(sign, block);
      }
      take_token();
      if (tokens_.back().kind != Kind::symbol) continue;
      const std::string& symbol = tokens_.back().value;
      if (symbol == "(" || symbol == "[" || symbol == "{") ++depth;
      if ((symbol == ")" || symbol == "]" || symbol == "}") && depth > 0) --depth;
    }
  }

  void after_tag(char sign, bool block) {
    const std::size_t begin = place_;
    if (sign == '-') {
      while (place_ < text_.size() && is_space(at(place_))) ++place_;
    } else if (block && sign != '+' && at(place_) == '\n') {
      ++place_;
    }
    line_begins_ = place_ > begin && at(place_ - 1) == '\n';
  }

  void take_token() {
    const char c = at(place_);
    if (c == '"' || c == '\'') return take_string(c);
    if (is_letter(c)) return take_while(Kind::name, [](char x) { return is_letter(x) || is_digit(x); });
    if (is_digit(c)) {
      take_while(Kind::integer, [](char x) { return is_digit(x) || x == '_'; });
      if (at(place_) != '.' || !is_digit(at(place_ + 1))) return;
      std::string whole = std::move(tokens_.back().value);
      tokens_.pop_back();
      ++place_;
      take_while(Kind::number, is_digit);
      tokens_.back().value = whole + "." + tokens_.back().value;
      return;
    }
    for (const std::string_view symbol : {"==", "!=", ">=", "<=", "//", "**"})
      if (std::string_view(text_).substr(place_).starts_with(symbol)) {
        add(Kind::symbol, std::string(symbol));
        place_ += 2;
        return;
      }
    if (std::string_view("+-/*%~[](){}><=.:|,;").find(c) == std::string_view::npos)
      wrong(fmt::format("the character '{}' has no place in a tag", c));
    add(Kind::symbol, std::string(1, c));
    ++place_;
  }

  template <typename Belongs>
  void take_while(Kind kind, const Belongs& belongs) {
    const std::size_t begin = place_;
    while (belongs(at(place_))) ++place_;
    std::string value = text_.substr(begin, place_ - begin);
    value.erase(std::remove_if(value.begin(), value.end(), [&](char c) { return kind == Kind::integer && c == '_'; }),
                value.end());
    add(kind, std::move(value));
  }

  void take_string(char quote) {
    std::string value;
    for (++place_; at(place_) != quote; ++place_) {
      if (place_ >= text_.size()) wrong("a text has no closing quote");
      if (at(place_) == '\\')
        take_escape(value);
      else
        value += at(place_);
    }
    add(Kind::string, std::move(value));
    ++place_;
  }

  void take_escape(std::string& value) {
    const char c = at(++place_);
    static constexpr std::string_view names = "ntrabfv\\'\"", meanings = "\n\t\r\a\b\f\v\\'\"";
    if (const std::size_t known = names.find(c); known != std::string_view::npos) {
      value += meanings[known];
    } else if (c == '\n') {  // the line goes on
    } else if (c == 'x' || c == 'u' || c == 'U') {
      const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
      std::uint32_t code = 0;
      const char* const begin = text_.data() + std::min(place_ + 1, text_.size());
      const char* const end = text_.data() + std::min(place_ + 1 + digits, text_.size());
      if (std::from_chars(begin, end, code, 16).ptr != begin + digits || code > 0x10FFFF || (code >> 11) == 0x1B)
        wrong("an escape in a text is no character");
      append_utf8(value, code);
      place_ += digits;
    } else if (is_digit(c) || c == 'N') {
      wrong("octal and named escapes in a text are not supported");
    } else {
      value += '\\';
      value += c;
    }
  }

  std::string text_;
  std::size_t place_ = 0;
  bool line_begins_ = true;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view source) { return Lexer(source).run(); }

}  // namespace gpt::jinja

#include "text/regex_syntax.h"

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "gpt/core/error.h"
#include "text/unicode.h"

namespace gpt::text {

namespace {

constexpr std::size_t kLongest = 16384;
constexpr int kDeepest = 50;
constexpr int kMostRepeats = 1000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// \p{NAME}: a general category or a script.
bool is_known_property(std::string_view name) {
  constexpr std::array<std::string_view, 37> kCategories{
      "L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc", "Me", "N",  "Nd", "Nl", "No", "P",  "Pc", "Pd", "Ps", "Pe",
      "Pi", "Pf", "Po", "S",  "Sm", "Sc", "Sk", "So", "Z",  "Zs", "Zl", "Zp", "C",  "Cc", "Cf", "Cs", "Co", "Cn"};
  if (std::find(kCategories.begin(), kCategories.end(), name) != kCategories.end()) return true;
  if (name.size() < 3 || !std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || c == '_'; })) {
    return false;
  }
  return u_getPropertyValueEnum(UCHAR_SCRIPT, std::string(name).c_str()) != UCHAR_INVALID_CODE;
}

class Translator {
 public:
  explicit Translator(std::string_view regex) : regex_(regex) {}

  std::string run() {
    if (regex_.size() > kLongest) unsupported(0, fmt::format("its length of more than {} bytes", kLongest));
    if (regex_.empty()) return "(?:)";
    while (at_ < regex_.size()) translate_next();
    return std::move(result_);
  }

 private:
  [[noreturn]] void unsupported(std::size_t at, const std::string& what) const {
    fail(ErrorCode::unsupported, "the regular expression {} is not supported: {} (byte {} of it)",
         regex_.size() > 200 ? std::string(regex_.substr(0, utf8_prefix(197))) + "..." : std::string(regex_), what, at);
  }
  std::size_t utf8_prefix(std::size_t size) const {
    while (size > 0 && is_continuation(regex_[size])) --size;
    return size;
  }

  char peek(std::size_t ahead = 0) const { return at_ + ahead < regex_.size() ? regex_[at_ + ahead] : '\0'; }
  bool starts_with(std::string_view text) const { return regex_.substr(at_, text.size()) == text; }

  void translate_next() {
    switch (peek()) {
      case '\\':
        result_ += escape(false).text;
        break;
      case '[':
        set(0);
        break;
      case '(':
        group();
        break;
      case '{':
        interval();
        break;
      case ')':
      case '|':
      case '.':
      case '^':
      case '$':
      case '*':
      case '+':
      case '?':
        result_ += regex_[at_++];
        break;
      default:
        result_ += literal(next_code_point());
    }
  }

  char32_t next_code_point() {
    const char32_t c = decode_utf8(regex_.data() + at_);
    at_ += utf8_size(regex_[at_]);
    return c;
  }
  static std::string literal(char32_t c) { return fmt::format("\\x{{{:x}}}", static_cast<std::uint32_t>(c)); }

  /// What an escape stands for: a single character, or a set.
  struct Escape {
    std::string text;
    std::optional<char32_t> character{};
  };
  static Escape character(char32_t c) { return {literal(c), c}; }

  Escape escape(bool in_set) {
    const std::size_t begin = at_++;
    if (at_ == regex_.size()) unsupported(begin, "a backslash at the end");
    // Word characters are Unicode's (UTS 18), and below U+0100 those of Oniguruma's table: it has the raised digits and
    // the fractions too.
    constexpr const char* kWord = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{b2}\x{b3}\x{b9}\x{bc}-\x{be})";
    const char c = peek();
    if (c == 'p' || c == 'P') return property(begin);
    if (c == 'x' || c == 'u') return hex_escape(begin);
    if (!is_letter(c) && !is_digit(c)) return character(next_code_point());
    ++at_;
    switch (c) {
      case 's':
        return {R"(\p{White_Space})"};
      case 'S':
        return {R"(\P{White_Space})"};
      case 'd':
        return {R"(\p{Nd})"};
      case 'D':
        return {R"(\P{Nd})"};
      case 'w':
        return {fmt::format("[{}]", kWord)};
      case 'W':
        return {fmt::format("[^{}]", kWord)};
      case 'h':
        return {"[0-9A-Fa-f]"};
      case 'H':
        return {"[^0-9A-Fa-f]"};
      case 't':
        return character('\t');
      case 'n':
        return character('\n');
      case 'v':
        return character('\v');
      case 'f':
        return character('\f');
      case 'r':
        return character('\r');
      case 'a':
        return character('\a');
      case 'e':
        return character(0x1B);
      case 'b':
        if (in_set) return character('\b');
        return {fmt::format("(?:(?<=[{0}])(?![{0}])|(?<![{0}])(?=[{0}]))", kWord)};
      case 'A':
      case 'z':
        if (!in_set) return {std::string{'\\', c}};
        [[fallthrough]];
      default:
        unsupported(begin, fmt::format("the escape \\{}", c));
    }
  }

  Escape property(std::size_t begin) {
    const bool negative = regex_[at_++] == 'P';
    const std::size_t close = regex_.find('}', at_);
    if (peek() != '{' || close == std::string_view::npos) unsupported(begin, "\\p without a name in braces");
    std::string_view name = regex_.substr(at_ + 1, close - at_ - 1);
    at_ = close + 1;
    const bool inverted = !name.empty() && name.front() == '^';
    if (inverted) name.remove_prefix(1);
    if (!is_known_property(name)) unsupported(begin, fmt::format("the property {}", name.substr(0, 40)));
    return {fmt::format("\\{}{{{}}}", negative != inverted ? 'P' : 'p', name)};
  }

  /// \xHH, \x{H...} or \uHHHH.
  Escape hex_escape(std::size_t begin) {
    const bool braces = peek() == 'x' && peek(1) == '{';
    const std::size_t most = braces ? 6 : peek() == 'x' ? 2 : 4;
    at_ += braces ? 2 : 1;
    char32_t value = 0;
    std::size_t count = 0;
    for (; count < most && hex_value(peek()) >= 0; ++count, ++at_) {
      value = value * 16 + static_cast<char32_t>(hex_value(peek()));
    }
    const bool closed = !braces || peek() == '}';
    if (braces && closed) ++at_;
    if (count == 0 || !closed || (most == 4 && count < 4) || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000) ||
        (most == 2 && value > 0x7F)) {
      unsupported(begin, "an escape that names no character");
    }
    return character(value);
  }

  void group() {
    constexpr std::array<std::string_view, 8> kKnown{"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?-i:"};
    if (peek(1) != '?') {
      result_ += regex_[at_++];
      return;
    }
    for (const std::string_view known : kKnown) {
      if (!starts_with(known)) continue;
      result_ += known;
      at_ += known.size();
      return;
    }
    if (at_ == 0 && starts_with("(?i)")) {
      result_ += "(?i)";
      at_ += 4;
      return;
    }
    unsupported(at_, fmt::format("the group {}", regex_.substr(at_, 3)));
  }

  std::optional<int> number() {
    int value = 0;
    const char* begin = regex_.data() + at_;
    const auto [end, error] = std::from_chars(begin, regex_.data() + regex_.size(), value);
    if (end == begin) return std::nullopt;
    if (error != std::errc() || value > kMostRepeats) {
      unsupported(at_, fmt::format("a repetition of more than {} times", kMostRepeats));
    }
    at_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  /// {n}, {n,}, {,m}, {n,m}; anything else is a brace.
  void interval() {
    const std::size_t begin = at_++;
    const auto least = number();
    const bool comma = peek() == ',';
    if (comma) ++at_;
    const auto most = comma ? number() : least;
    if (peek() != '}' || (!least && !most)) {
      at_ = begin + 1;
      result_ += literal('{');
      return;
    }
    ++at_;
    if (least && most && *most < *least) unsupported(begin, "a repetition whose bounds are in the wrong order");
    result_ += fmt::format("{{{}", least.value_or(0));
    if (comma) result_ += most ? fmt::format(",{}", *most) : std::string(",");
    result_ += '}';
    // These two mean other things there and here.
    if (peek() == '+' || (peek() == '?' && !comma)) unsupported(at_, fmt::format("{} after a repetition", peek()));
  }

  /// [...], sets inside it included.
  void set(int depth) {
    const std::size_t begin = at_++;
    if (depth > kDeepest) unsupported(begin, "sets nested so deep");
    result_ += '[';
    if (peek() == '^') result_ += regex_[at_++];
    if (peek() == ']') unsupported(at_, "an empty set");
    while (peek() != ']' || at_ >= regex_.size()) {
      if (at_ >= regex_.size()) unsupported(begin, "a set without its end");
      if (peek() == '[') {
        if (peek(1) == ':') unsupported(at_, "a POSIX bracket");
        set(depth + 1);
      } else if (starts_with("&&")) {
        unsupported(at_, "&&");
      } else {
        set_item();
      }
    }
    ++at_;
    result_ += ']';
  }

  Escape set_character() {
    if (peek() == '\\') return escape(true);
    return character(next_code_point());
  }

  void set_item() {
    const std::size_t begin = at_;
    const Escape first = set_character();
    result_ += first.text;
    if (!first.character || peek() != '-' || at_ + 1 >= regex_.size() || peek(1) == ']') return;
    ++at_;
    if (peek() == '[') unsupported(at_, "a range to a set");
    const Escape last = set_character();
    if (!last.character || *last.character < *first.character) unsupported(begin, "a range that has no order");
    result_ += '-' + last.text;
  }

  std::string_view regex_;
  std::size_t at_ = 0;
  std::string result_;
};

}  // namespace

std::string to_icu_syntax(std::string_view regex) { return Translator(regex).run(); }

}  // namespace gpt::text

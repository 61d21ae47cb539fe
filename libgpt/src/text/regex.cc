#include "text/regex.h"

#include <unicode/regex.h>

#include <algorithm>

#include "gpt/core/error.h"
#include "text/regex_syntax.h"
#include "text/unicode.h"

namespace gpt::text {

struct Matcher::Compiled {
  std::unique_ptr<icu::RegexPattern> pattern;
};

namespace {

/// Appends what lies before the match, if anything, and the match. Returns where the next may begin.
std::size_t append(std::vector<Match>& matches, std::size_t done, std::size_t begin, std::size_t end) {
  if (done < begin) matches.push_back({done, begin, false});
  matches.push_back({begin, end, true});
  return end;
}

struct CloseText {
  void operator()(UText* text) const { utext_close(text); }
};

/// ICU counts in units of 10,000 steps. A sound expression takes a few steps a byte; one that goes back and forth over
/// the same text without end is stopped.
std::int32_t most_steps(std::size_t size) { return static_cast<std::int32_t>(20 + size / 100); }

/// Enough of it to recognize it by.
std::string shown(const std::string& regex) {
  std::size_t size = std::min<std::size_t>(regex.size(), 200);
  while (size < regex.size() && size > 0 && is_continuation(regex[size])) --size;
  return size < regex.size() ? regex.substr(0, size) + "..." : regex;
}

[[noreturn]] void give_up(const std::string& regex, std::size_t size, UErrorCode status) {
  fail(ErrorCode::unsupported,
       "the regular expression {} needs too many steps on a text of {} bytes ({}); it goes over the same characters "
       "again and again: cut the text, or rewrite the expression in tokenizer.json",
       shown(regex), size, u_errorName(status));
}

}  // namespace

Matcher::Matcher(const Pattern& pattern) : text_(pattern.text) {
  if (!pattern.is_regex) return;
  const std::string translated = to_icu_syntax(text_);
  UParseError error{};
  UErrorCode status = U_ZERO_ERROR;
  // Lines as Oniguruma has them: ^ and $ at every line, and only \n ends one.
  auto compiled = std::make_unique<Compiled>();
  compiled->pattern.reset(icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(translated),
                                                     UREGEX_MULTILINE | UREGEX_UNIX_LINES, error, status));
  if (U_FAILURE(status)) {
    fail(ErrorCode::unsupported, "the regular expression {} is not supported: {} at character {} of {}", shown(text_),
         u_errorName(status), error.offset, shown(translated));
  }
  compiled_ = std::move(compiled);
}

Matcher::~Matcher() = default;
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;

void Matcher::find(std::string_view text, std::vector<Match>& matches) const {
  if (text.empty()) return;
  if (compiled_) {
    find_regex(text, matches);
  } else {
    find_literal(text, matches);
  }
}

void Matcher::find_literal(std::string_view text, std::vector<Match>& matches) const {
  std::size_t done = 0;
  if (text_.empty()) {  // found at every boundary of a character
    for (std::size_t i = 0; i < text.size(); i += utf8_size(text[i])) done = append(matches, done, i, i);
    done = append(matches, done, text.size(), text.size());
    return;
  }
  for (std::size_t at = text.find(text_); at != std::string_view::npos; at = text.find(text_, done)) {
    done = append(matches, done, at, at + text_.size());
  }
  if (done < text.size()) matches.push_back({done, text.size(), false});
}

void Matcher::find_regex(std::string_view text, std::vector<Match>& matches) const {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UText, CloseText> source(
      utext_openUTF8(nullptr, text.data(), static_cast<std::int64_t>(text.size()), &status));
  const std::unique_ptr<icu::RegexMatcher> matcher(compiled_->pattern->matcher(status));
  if (U_FAILURE(status)) give_up(text_, text.size(), status);
  matcher->reset(source.get());
  matcher->setTimeLimit(most_steps(text.size()), status);
  std::size_t done = 0;
  bool after_match = false;
  while (matcher->find(status) && U_SUCCESS(status)) {
    const auto begin = static_cast<std::size_t>(matcher->start64(status));
    const auto end = static_cast<std::size_t>(matcher->end64(status));
    if (begin == end && after_match && begin == done) continue;  // nothing, right after a match: not a match of its own
    done = append(matches, done, begin, end);
    after_match = true;
  }
  if (U_FAILURE(status)) give_up(text_, text.size(), status);
  if (done < text.size()) matches.push_back({done, text.size(), false});
}

}  // namespace gpt::text

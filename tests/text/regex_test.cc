// Regular expressions of tokenizer.json files: what they match, what is refused, and that they end.
#include "text/regex.h"

#include <chrono>

#include "gpt/core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "text/matches.h"
#include "text/patterns.h"
#include "text/pretokenize.h"
#include "text/regex_syntax.h"

using gpt::text::Behavior;
using gpt::text::Match;
using gpt::text::Matcher;
using gpt::text::Pattern;
using Words = std::vector<std::string>;

namespace {

/// The words that a Split makes of the text.
Words split(const Pattern& pattern, Behavior behavior, bool invert, const std::string& text) {
  std::vector<Match> matches;
  Matcher(pattern).find(text, matches);
  gpt::text::apply_behavior(behavior, invert, matches);
  Words words;
  for (const Match& match : matches) words.push_back(text.substr(match.begin, match.end - match.begin));
  return words;
}

Words isolate(const std::string& regex, const std::string& text) {
  return split({regex, true}, Behavior::isolated, false, text);
}

}  // namespace

TEST_CASE("matches become words as the behavior says", "[text]") {
  const Pattern dash{"-", false};
  const std::string text = "the-final--countdown";
  CHECK(split(dash, Behavior::removed, false, text) == Words{"the", "final", "countdown"});
  CHECK(split(dash, Behavior::isolated, false, text) == Words{"the", "-", "final", "-", "-", "countdown"});
  CHECK(split(dash, Behavior::merged_with_previous, false, text) == Words{"the-", "final-", "-", "countdown"});
  CHECK(split(dash, Behavior::merged_with_next, false, text) == Words{"the", "-final", "-", "-countdown"});
  CHECK(split(dash, Behavior::contiguous, false, text) == Words{"the", "-", "final", "--", "countdown"});
  CHECK(split({"[a-z]+", true}, Behavior::removed, true, text) == Words{"the", "final", "countdown"});
}

TEST_CASE("empty matches cut, but not right after a match", "[text]") {
  CHECK(split({"", false}, Behavior::isolated, false, "a\u00e9b") == Words{"a", "\u00e9", "b"});
  CHECK(isolate("x*", "axb") == Words{"a", "x", "b"});
  std::vector<Match> matches;
  Matcher({"x*", true}).find("axb", matches);
  CHECK(matches == std::vector<Match>{{0, 0, true}, {0, 1, false}, {1, 2, true}, {2, 3, false}, {3, 3, true}});
}

TEST_CASE("Oniguruma's meaning holds", "[text]") {
  CHECK(isolate("\\s+", "a\u0085\u3000b\vc") == Words{"a", "\u0085\u3000", "b", "\v", "c"});
  CHECK(isolate("\\w+", "\u00e9_1\u0301\u00b3-b") == Words{"\u00e9_1\u0301\u00b3", "-", "b"});
  CHECK(isolate("\\w+", "a\u2460b\u00bd") == Words{"a", "\u2460", "b\u00bd"});
  CHECK(isolate("\\d", "1\u0663x") == Words{"1", "\u0663", "x"});
  CHECK(isolate("\\bab\\b", "ab cab ab") == Words{"ab", " cab ", "ab"});
  CHECK(isolate("^b$", "a\nb\nc") == Words{"a\n", "b", "\nc"});
  CHECK(isolate("a.c", "a\ncarc") == Words{"a\nc", "arc"});
  CHECK(isolate("a\\vb", "a\vb a\nb") == Words{"a\vb", " a\nb"});
  CHECK(isolate("x{,2}y|{", "xxxy{") == Words{"x", "xxy", "{"});
  CHECK(isolate("[a\\-c&b#~]+", "a-c&#~d") == Words{"a-c&#~", "d"});
  CHECK(isolate("[\\x{41}-C\\u00e9[x-z]]+", "ABC\u00e9yD") == Words{"ABC\u00e9y", "D"});
  CHECK(isolate("(?i:'S)", "it's 'S '\u017f") == Words{"it", "'s", " ", "'S", " ", "'\u017f"});
  CHECK(isolate("[^\\s\\p{L}\\P{^Nd}]+", "a+1") == Words{"a", "+", "1"});
  CHECK(isolate("a++|(?>b+)c", "aabbc") == Words{"aa", "bbc"});
  CHECK(isolate("\\p{Han}+(?=\\p{Hiragana})", "\u6f22\u3042") == Words{"\u6f22", "\u3042"});
}

TEST_CASE("what has no equal is refused with its place", "[text]") {
  const auto refused = [](const std::string& regex, const std::string& part) {
    CHECK_ERROR(Matcher({regex, true}), "unsupported", part);
  };
  refused("a\\Kb", "the escape \\K (byte 1 of it)");
  refused("(a)\\1", "the escape \\1");
  refused("\\p{Alnum}", "the property Alnum");
  refused("\\pL", "\\p without a name in braces");
  refused("(?<n>a)", "the group (?<");
  refused("a(?i)b", "the group (?i");
  refused("(?m:.)", "the group (?m");
  refused("[[:alpha:]]", "a POSIX bracket");
  refused("[a-z&&[^b]]", "&& (byte 4 of it)");
  refused("[]a]", "an empty set");
  refused("[a", "a set without its end");
  refused("[z-a]", "a range that has no order");
  refused("a{2}+", "+ after a repetition");
  refused("a{99999}", "a repetition of more than 1000 times");
  refused("\\x{110000}", "an escape that names no character");
  refused("\\ud800", "an escape that names no character");
  refused("a\\", "a backslash at the end");
  refused("(a", "U_REGEX_MISMATCHED_PAREN");
  refused("*a", "U_REGEX_RULE_SYNTAX");
  refused(std::string(20000, 'a'), "its length of more than 16384 bytes");
  refused(std::string(60, '[') + "a" + std::string(60, ']'), "sets nested so deep");
}

TEST_CASE("an expression that never ends is stopped", "[text]") {
  const auto start = std::chrono::steady_clock::now();
  std::vector<Match> matches;
  CHECK_ERROR(Matcher({"(?:a+)+b", true}).find(std::string(40, 'a'), matches), "unsupported",
              "(?:a+)+b needs too many steps on a text of 40 bytes");
  CHECK_ERROR(Matcher({"a+b", true}).find(std::string(100000, 'a'), matches), "unsupported", "too many steps");
  CHECK_ERROR(Matcher({"(?:ab|a|b)+c", true}).find(std::string(3000000, 'a'), matches), "unsupported", "cut the text");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
}

TEST_CASE("the state machines agree with the regular expressions they stand for", "[text]") {
  const std::vector<std::string> parts{"a",  "B",  "\u00e9", "1",   "\u0662", " ",  "  ", "\n",     "\r\n",  "\t",
                                       "'s", "'L", "'LL",    "'re", "!",      "?!", "-",  "\u3000", "\u00a0"};
  std::uint32_t state = 1;
  for (const auto scanner : {gpt::text::Scanner::gpt2, gpt::text::Scanner::llama3, gpt::text::Scanner::qwen2}) {
    gpt::text::PreTokenizerSpec spec;
    spec.steps = {gpt::text::split_step(scanner)};
    spec.byte_level = false;
    const gpt::text::PreTokenizer machine(spec);
    for (int i = 0; i < 1000; ++i) {
      std::string text;
      for (int n = 0; n < 12; ++n) {
        state = state * 1664525 + 1013904223;
        text += parts[(state >> 16) % parts.size()];
      }
      Words words;
      machine.split({text, 0, nullptr}, false, [&](const gpt::text::Piece& piece, std::size_t begin, std::size_t end) {
        words.emplace_back(piece.text.substr(begin, end - begin));
      });
      INFO(text);
      REQUIRE(words == isolate(std::string(gpt::text::regex_of(scanner)), text));
    }
  }
}

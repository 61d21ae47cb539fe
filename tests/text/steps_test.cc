// Normalizers, pre-tokenizers and decoders, a step at a time: words, and the way back to the original.
#include "support/catch.h"
#include "text/decode.h"
#include "text/normalize.h"
#include "text/pretokenize.h"

using gpt::Range;
using gpt::text::ChangedText;
using gpt::text::DecoderStep;
using gpt::text::Normalizer;
using gpt::text::NormalizerStep;
using gpt::text::Piece;
using gpt::text::PreTokenizerStep;
using Words = std::vector<std::string>;

namespace {

struct Normalized {
  std::string text;
  std::vector<Range> places;  ///< a character each
};

Normalized normalize(const std::vector<NormalizerStep>& steps, const std::string& text) {
  const Normalizer normalizer(steps);
  ChangedText storage;
  const Piece piece = normalizer.apply({text, 0, nullptr}, true, storage);
  Normalized result{std::string(piece.text), {}};
  for (std::size_t i = 0; i < piece.text.size(); i += gpt::text::utf8_size(piece.text[i])) {
    result.places.push_back(piece.original(i, i + 1));
  }
  CHECK(normalizer.apply(text) == result.text);  // without the way back
  return result;
}

NormalizerStep replace(const std::string& pattern, bool is_regex, const std::string& content) {
  NormalizerStep step;
  step.kind = NormalizerStep::Kind::replace;
  step.pattern = {pattern, is_regex};
  step.content = content;
  return step;
}

Words cut(const PreTokenizerStep& step, const std::string& text) {
  gpt::text::PreTokenizerSpec spec;
  spec.steps = {step};
  spec.byte_level = false;
  Words words;
  gpt::text::PreTokenizer(spec).split({text, 0, nullptr}, true,
                                      [&](const Piece& piece, std::size_t begin, std::size_t end) {
                                        words.emplace_back(piece.text.substr(begin, end - begin));
                                      });
  return words;
}

PreTokenizerStep step_of(PreTokenizerStep::Kind kind) {
  PreTokenizerStep step;
  step.kind = kind;
  return step;
}

std::string decode(const DecoderStep& step, const Words& tokens) { return gpt::text::Decoder({step}).decode(tokens); }

}  // namespace

TEST_CASE("Unicode forms", "[text]") {
  using Kind = NormalizerStep::Kind;
  CHECK(normalize({{Kind::nfd}}, "\u00e9a").text == "e\u0301a");
  CHECK(normalize({{Kind::nfd}}, "\u00e9a").places == std::vector<Range>{{0, 2}, {0, 2}, {2, 3}});
  CHECK(normalize({{Kind::nfkd}}, "\ufb01\u00e9").text == "fie\u0301");
  CHECK(normalize({{Kind::nfkc}}, "\ufb01e\u0301\u2460").text == "fi\u00e91");
  CHECK(normalize({{Kind::nfkc}}, "\ufb01e\u0301\u2460").places == std::vector<Range>{{0, 3}, {0, 3}, {3, 4}, {6, 9}});
  CHECK(normalize({{Kind::nfc}}, "e\u0301\u0323").text == "\u1eb9\u0301");
  CHECK(normalize({{Kind::nfkc}}, "plain").text == "plain");
}

TEST_CASE("lower case goes character by character", "[text]") {
  const Normalized lower = normalize({{NormalizerStep::Kind::lowercase}}, "A\u0130\u00c9\u03a3");
  CHECK(lower.text == "ai\u0307\u00e9\u03c3");  // no final sigma: the library does not look at neighbours either
  CHECK(lower.places == std::vector<Range>{{0, 1}, {1, 3}, {1, 3}, {3, 5}, {5, 7}});
}

TEST_CASE("what is put in front stands where the first character stands", "[text]") {
  NormalizerStep prepend;
  prepend.kind = NormalizerStep::Kind::prepend;
  prepend.content = "\u2581x";
  CHECK(normalize({prepend}, "\u00e9b").text == "\u2581x\u00e9b");
  CHECK(normalize({prepend}, "\u00e9b").places == std::vector<Range>{{0, 2}, {0, 2}, {0, 2}, {2, 3}});
  CHECK(normalize({prepend}, "").text.empty());
}

TEST_CASE("what replaces stands where the last replaced character stood", "[text]") {
  CHECK(normalize({replace(" ", false, "\u2581")}, "a b").places == std::vector<Range>{{0, 1}, {1, 2}, {2, 3}});
  const Normalized spaces = normalize({replace("\\s+", true, "--")}, "a \u3000b");
  CHECK(spaces.text == "a--b");
  CHECK(spaces.places == std::vector<Range>{{0, 1}, {2, 5}, {2, 5}, {5, 6}});
  CHECK(normalize({replace("x*", true, "-")}, "axb").text == "-a-b-");
  CHECK(normalize({replace("", false, "x")}, "ab").text == "xaxbx");
  CHECK(normalize({replace("(l)(e)", true, "$1")}, "le").text == "$1");
}

TEST_CASE("stripping takes white space of any kind from the ends asked for", "[text]") {
  NormalizerStep strip;
  strip.kind = NormalizerStep::Kind::strip;
  strip.left = true;
  CHECK(normalize({strip}, "\u3000 \u00e9 ").text == "\u00e9 ");
  strip.right = true;
  CHECK(normalize({strip}, "\u3000 \u00e9 ").text == "\u00e9");
  CHECK(normalize({strip}, "\u3000 \u00e9 ").places == std::vector<Range>{{4, 6}});
  CHECK(normalize({strip}, " \n").text.empty());
  CHECK(normalize({strip, replace("", false, "x")}, " ").text.empty());
}

TEST_CASE("cutters by kinds of characters", "[text]") {
  using Kind = PreTokenizerStep::Kind;
  CHECK(cut(step_of(Kind::digits), "a12\u0663b") == Words{"a", "12\u0663", "b"});
  PreTokenizerStep each = step_of(Kind::digits);
  each.each = true;
  CHECK(cut(each, "a12b") == Words{"a", "1", "2", "b"});
  CHECK(cut(step_of(Kind::punctuation), "a,,b\u3002$\u061dc") == Words{"a", ",", ",", "b", "\u3002", "$", "\u061dc"});
  CHECK(cut(step_of(Kind::whitespace_split), " a,b  c\u3000") == Words{"a,b", "c"});
  CHECK(cut(step_of(Kind::whitespace), "ab c,,d") == Words{"ab", "c", ",,", "d"});
  PreTokenizerStep metaspace = step_of(Kind::metaspace);
  metaspace.replacement = "\u2581";
  CHECK(cut(metaspace, "a  b") == Words{"\u2581a", "\u2581", "\u2581b"});
  CHECK(cut(metaspace, " a ") == Words{"\u2581a", "\u2581"});
}

TEST_CASE("decoder steps", "[text]") {
  using Kind = DecoderStep::Kind;
  const auto step = [](Kind kind, const std::string& content) {
    DecoderStep made;
    made.kind = kind;
    made.content = content;
    return made;
  };
  CHECK(decode(step(Kind::byte_fallback, ""), {"a", "<0xC3>", "<0xa9>", "<0xZZ>"}) == "a\u00e9<0xZZ>");
  CHECK(decode(step(Kind::byte_level, ""), {"\u0120a", "\u3000"}) == " a\u3000");
  DecoderStep strip = step(Kind::strip, "\u00e9");
  strip.start = 1;
  CHECK(decode(strip, {"\u00e9x", "\u00e9\u00e9\u00e9"}) == "x\u00e9\u00e9");
  strip.start = strip.stop = 2;
  CHECK(decode(strip, {"\u00e9x\u00e9\u00e9\u00e9"}) == "x\u00e9");
  CHECK(decode(strip, {"\u00e9\u00e9\u00e9"}).empty());
  DecoderStep metaspace = step(Kind::metaspace, "_");
  CHECK(decode(metaspace, {"_a_", "_b"}) == "a b");
  metaspace.scheme = gpt::text::PrependScheme::never;
  CHECK(decode(metaspace, {"_a"}) == " a");
  DecoderStep replace_sign = step(Kind::replace, " ");
  replace_sign.pattern.text = "_";
  CHECK(decode(replace_sign, {"_a_"}) == " a ");
  CHECK(gpt::text::Decoder({}).decode({"a", "b"}) == "a b");
}

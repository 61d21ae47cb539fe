// Tokenizers of the SentencePiece kind, on a vocabulary small enough to follow by hand.
#include "gpt/core/random.h"
#include "gpt/text/tokenizer.h"
#include "support/catch.h"
#include "text/bpe.h"
#include "text/readers.h"
#include "text/tiny_tokenizer.h"

using gpt::Range;
using gpt::test::load_tokenizer;
using gpt::test::tiny_sentencepiece;
using Ids = std::vector<std::int32_t>;

namespace {

// Ids of the tiny vocabulary.
constexpr std::int32_t kUnknown = 0, kBegin = 1, kByte = 3, kSpace = 259, kH = 260, kL = 262, kD = 266, kHe = 268,
                       kHello = 270, kSpaceW = 271, kOr = 272, kTwoSpaces = 273;

nlohmann::json metaspace(const char* scheme, bool split) {
  return {{"type", "Metaspace"}, {"replacement", "\u2581"}, {"prepend_scheme", scheme}, {"split", split}};
}

}  // namespace

TEST_CASE("spaces are characters, and what has no token becomes bytes", "[text]") {
  const auto tokenizer = load_tokenizer(tiny_sentencepiece());
  CHECK(tokenizer->encode("hello world") == Ids{kSpace, kHello, kSpaceW, kOr, kL, kD});
  CHECK(tokenizer->encode("  l") == Ids{kTwoSpaces, kSpace, kL});
  CHECK(tokenizer->encode("\u00e9l") == Ids{kSpace, kByte + 0xC3, kByte + 0xA9, kL});
  CHECK(tokenizer->encode("").empty());
  CHECK(tokenizer->encode("h", true) == Ids{kBegin, kSpace, kH});
  CHECK(tokenizer->encode("h<s>h") == Ids{kSpace, kH, kBegin, kSpace, kH});
  const gpt::Encoding encoding = tokenizer->encode_with_offsets("\u00e9 hello");
  CHECK(encoding.ids == Ids{kSpace, kByte + 0xC3, kByte + 0xA9, kSpace, kHello});
  CHECK(encoding.bytes == std::vector<Range>{{0, 2}, {0, 2}, {0, 2}, {2, 3}, {3, 8}});
  CHECK(encoding.code_points == std::vector<Range>{{0, 1}, {0, 1}, {0, 1}, {1, 2}, {2, 7}});
}

TEST_CASE("the decoder's steps undo the normalizer's", "[text]") {
  const auto tokenizer = load_tokenizer(tiny_sentencepiece());
  CHECK(tokenizer->decode(Ids{kSpace, kHello, kSpaceW, kOr, kL, kD}) == "hello world");
  CHECK(tokenizer->decode(Ids{kBegin, kSpace, kH}) == "<s> h");
  CHECK(tokenizer->decode(Ids{kBegin, kSpace, kH}, true) == "h");
  CHECK(tokenizer->decode(Ids{kByte + 0xC3, kByte + 0xA9, kH}) == "\u00e9h");
  CHECK(tokenizer->decode(Ids{kByte + 0xC3, kH}) == "\ufffdh");
  CHECK(tokenizer->decode(Ids{kByte + 0xE2, kByte + 0x82}) == "\ufffd\ufffd");  // one a byte, as the library has it
}

TEST_CASE("a Metaspace puts a space in front as its scheme says", "[text]") {
  nlohmann::json json = tiny_sentencepiece();
  json["normalizer"] = nullptr;
  const auto with = [&json](const nlohmann::json& step) {
    json["pre_tokenizer"] = step;
    return load_tokenizer(json);
  };
  CHECK(with(metaspace("always", false))->encode("h<s>h h") == Ids{kSpace, kH, kBegin, kSpace, kH, kSpace, kH});
  CHECK(with(metaspace("first", false))->encode("h<s>h") == Ids{kSpace, kH, kBegin, kH});
  CHECK(with(metaspace("never", false))->encode("h<s>h") == Ids{kH, kBegin, kH});
  CHECK(with(metaspace("first", false))->encode("  h") == Ids{kTwoSpaces, kH});
  CHECK(with(metaspace("first", true))->encode("  h") == Ids{kSpace, kSpace, kH});  // words begin at each sign
  const nlohmann::json old_way = {{"type", "Metaspace"}, {"replacement", "\u2581"}, {"add_prefix_space", false}};
  CHECK(with(old_way)->encode("h h") == Ids{kH, kSpace, kH});
  json["decoder"] = metaspace("always", true);
  CHECK(with(metaspace("always", true))->decode(Ids{kTwoSpaces, kH, kSpace, kH}) == "h h");
}

TEST_CASE("without tokens of bytes there is the unknown token, alone or fused", "[text]") {
  nlohmann::json json = tiny_sentencepiece();
  json["model"]["byte_fallback"] = false;
  CHECK(load_tokenizer(json)->encode("xxh") == Ids{kSpace, kUnknown, kH});
  json["model"]["fuse_unk"] = false;
  const auto tokenizer = load_tokenizer(json);
  CHECK(tokenizer->encode("xxh") == Ids{kSpace, kUnknown, kUnknown, kH});
  CHECK(tokenizer->encode_with_offsets("x h").bytes == std::vector<Range>{{0, 1}, {0, 1}, {1, 2}, {2, 3}});
  json["model"]["unk_token"] = nullptr;
  CHECK(load_tokenizer(json)->encode("xhxe") == Ids{kSpace, kHe});  // as if x were not there
}

TEST_CASE("cutting a long text into parts changes nothing", "[text]") {
  const std::string text = tiny_sentencepiece().dump();
  const auto spec = gpt::text::parse_tokenizer_json(text, "tiny");
  const gpt::text::Bpe model(spec.model, false);
  gpt::Random random(11);
  const std::vector<std::string> parts{"h", "e", "l", "o", "w", "r", "d", "x", "\u00e9", "\u2581", "\u2581", "hello"};
  bool cut = false;
  for (int i = 0; i < 2000; ++i) {
    std::string word;
    for (std::uint32_t n = random.below(30) + 1; n > 0; --n) {
      word += parts[random.below(static_cast<std::uint32_t>(parts.size()))];
    }
    std::vector<gpt::text::WordToken> whole, part;
    model.encode(word, whole);
    Ids expected, found;
    for (const auto& token : whole) expected.push_back(token.id);
    for (std::size_t begin = 0; begin < word.size();) {
      const std::size_t end = model.part_end(word, begin);
      cut = cut || end < word.size();
      model.encode(std::string_view(word).substr(begin, end - begin), part);
      for (const auto& token : part) found.push_back(token.id);
      begin = end;
    }
    INFO(word);
    REQUIRE(found == expected);
  }
  CHECK(cut);
}

TEST_CASE("a saved SentencePiece tokenizer reads back the same", "[text]") {
  const gpt::test::TemporaryFolder folder, copy;
  const auto tokenizer = load_tokenizer(tiny_sentencepiece());
  tokenizer->save(copy.path());
  CHECK(gpt::Tokenizer::load(copy.path())->hash() == tokenizer->hash());
  nlohmann::json other = tiny_sentencepiece();
  other["decoder"]["decoders"][3]["start"] = 0;
  CHECK(load_tokenizer(other)->hash() != tokenizer->hash());
}

TEST_CASE("special tokens in a stranger's text can be taken as plain text", "[text]") {
  const auto tokenizer = load_tokenizer(tiny_sentencepiece());
  CHECK(tokenizer->encode("<s>").size() == 1);
  const gpt::Encoding encoding = tokenizer->encode_literally("<s>", true);
  CHECK(encoding.ids == Ids{kBegin, kSpace, kByte + '<', kByte + 's', kByte + '>'});
  CHECK(encoding.bytes.back() == Range{2, 3});
}

// The tokenizer from end to end on the tiny fixture: what can be checked by hand.
#include "gpt/text/tokenizer.h"

#include <thread>

#include "gpt/core/error.h"
#include "gpt/core/random.h"
#include "support/catch.h"
#include "text/tiny_tokenizer.h"

using gpt::Range;
using gpt::test::TemporaryFolder;
using Ids = std::vector<std::int32_t>;

namespace {

std::shared_ptr<const gpt::Tokenizer> load(const nlohmann::json& json) {
  const TemporaryFolder folder;
  gpt::test::put(folder / "tokenizer.json", json.dump());
  return gpt::Tokenizer::load(folder.path());
}

/// Bytes drawn from pieces of characters, so that broken and whole ones mix.
std::string noise(gpt::Random& random) {
  static const std::vector<std::string> parts{
      "a",        "hello", " ",    "\n",           "1",        "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x99\x82", "\xC3",
      "\xE2\x82", "\x80",  "\xFF", "\xED\xA0\x80", "\xC0\xAF", "'s",       "<|endoftext|>"};
  std::string text;
  for (std::uint32_t i = random.below(20); i > 0; --i)
    text += parts[random.below(static_cast<std::uint32_t>(parts.size()))];
  return text;
}

}  // namespace

TEST_CASE("merges apply by rank, the leftmost first", "[text]") {
  const auto tokenizer = load(gpt::test::tiny_tokenizer());
  CHECK(tokenizer->encode("hello world") == Ids{259, 260, 261, 'l', 'd'});
  CHECK(tokenizer->encode("llll") == Ids{256, 256});
  CHECK(tokenizer->encode("lll") == Ids{256, 'l'});
  CHECK(tokenizer->encode("hel lo") == Ids{257, 'l', ' ', 'l', 'o'});
  CHECK(tokenizer->encode("").empty());
  CHECK(tokenizer->decode(Ids{259, 260, 261, 'l', 'd'}) == "hello world");
  CHECK(tokenizer->vocabulary_size() == 263);
}

TEST_CASE("special tokens are found, skipped and kept", "[text]") {
  const auto tokenizer = load(gpt::test::tiny_tokenizer());
  const Ids ids = tokenizer->encode("a<|endoftext|>b");
  CHECK(ids == Ids{'a', 262, 'b'});
  CHECK(tokenizer->decode(ids) == "a<|endoftext|>b");
  CHECK(tokenizer->decode(ids, true) == "ab");
  CHECK(tokenizer->is_special(262));
  CHECK_FALSE(tokenizer->is_special('a'));
  CHECK_FALSE(tokenizer->is_special(-1));
  CHECK(tokenizer->decode(Ids{'a', -1, 9999, 'b'}) == "ab");
  CHECK_THROWS_WITH(tokenizer->token(263), Catch::Contains("there is no token 263; ids go from 0 to 262"));
}

TEST_CASE("offsets cover whole characters, in bytes and code points", "[text]") {
  const auto tokenizer = load(gpt::test::tiny_tokenizer());
  const gpt::Encoding encoding = tokenizer->encode_with_offsets("\u00e9 hello");
  CHECK(encoding.ids == Ids{0xC3, 0xA9, ' ', 259});
  CHECK(encoding.bytes == std::vector<Range>{{0, 2}, {0, 2}, {2, 3}, {3, 8}});
  CHECK(encoding.code_points == std::vector<Range>{{0, 1}, {0, 1}, {1, 2}, {2, 7}});
}

TEST_CASE("broken bytes become U+FFFD and offsets still name the bytes given", "[text]") {
  const auto tokenizer = load(gpt::test::tiny_tokenizer());
  const gpt::Encoding encoding = tokenizer->encode_with_offsets(
      "a\xE2\x82"
      "b\xFF");
  CHECK(tokenizer->decode(encoding.ids) == "a\uFFFDb\uFFFD");
  CHECK(encoding.bytes == std::vector<Range>{{0, 1}, {1, 3}, {1, 3}, {1, 3}, {3, 4}, {4, 5}, {4, 5}, {4, 5}});
  CHECK(encoding.code_points.back() == Range{3, 4});
  CHECK(tokenizer->decode(Ids{0xE2, 0x82}) == "\uFFFD");
  CHECK(tokenizer->decode(Ids{0xE2, 0x82, 0xAC}) == "\u20ac");
}

TEST_CASE("any bytes come back as the text with its broken parts replaced", "[text]") {
  const auto tokenizer = load(gpt::test::tiny_tokenizer());
  gpt::Random random(3);
  for (int i = 0; i < 3000; ++i) {
    const std::string text = noise(random);
    const Ids ids = tokenizer->encode(text);
    const std::string back = tokenizer->decode(ids);
    CHECK(tokenizer->encode(back) == ids);
    const gpt::Encoding encoding = tokenizer->encode_with_offsets(text);
    REQUIRE(encoding.ids == ids);
    std::uint32_t reached = 0;
    for (const Range& range : encoding.bytes) {
      CHECK(range.begin <= reached);  // no byte is left out
      reached = std::max(reached, range.end);
    }
    CHECK(reached == text.size());
  }
}

TEST_CASE("a very long word takes no quadratic time", "[text]") {
  const auto tokenizer = load(gpt::test::tiny_tokenizer());
  const std::string text(2'000'000, 'l');
  const Ids ids = tokenizer->encode(text);
  CHECK(ids.size() == text.size() / 2);
  CHECK(tokenizer->decode(ids) == text);
}

TEST_CASE("long and short words are merged the same way", "[text]") {
  const auto tokenizer = load(gpt::test::tiny_tokenizer());
  gpt::Random random(5);
  for (int i = 0; i < 300; ++i) {
    std::string word;  // a number breaks no word of this tokenizer's merges but ends every letter run
    while (word.size() < 40) word += "helor"[random.below(5)];
    Ids parts;
    std::string text;
    for (int copy = 0; copy < 3; ++copy) {
      text += word + "zz";  // z merges with nothing, so that the parts of the long word are the short word's
      const Ids ids = tokenizer->encode(word + "zz");
      parts.insert(parts.end(), ids.begin(), ids.end());
    }
    CHECK(tokenizer->encode(text) == parts);
  }
}

TEST_CASE("many threads share one tokenizer", "[text]") {
  const auto tokenizer = load(gpt::test::tiny_tokenizer());
  std::vector<int> wrong(8, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      gpt::Random random(t);
      for (int i = 0; i < 500; ++i) {
        const std::string number = std::to_string(random.below(100000));
        const std::string text = "hello " + number + " world " + number;
        if (tokenizer->decode(tokenizer->encode(text)) != text) ++wrong[t];
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(wrong.size(), 0));
}

TEST_CASE("pre-tokenizers cut where their regular expressions do", "[text]") {
  nlohmann::json json = gpt::test::tiny_tokenizer();
  json["model"]["ignore_merges"] = true;  // then a word that is a token shows by its id
  json["model"]["vocab"].update(
      {{"12", 300}, {"123", 301}, {"\u01201", 302}, {"'LL", 303}, {"\u010a\u010a", 304}, {"!\u010a", 305}});
  const auto with = [&json](const nlohmann::json& steps) {
    json["pre_tokenizer"] = steps;
    return load(json);
  };
  nlohmann::json bytes = json["pre_tokenizer"];
  CHECK(with(bytes)->encode("12 1") == Ids{300, 302});
  const nlohmann::json digits = {{"type", "Digits"}, {"individual_digits", true}};
  const auto sequence = [](const nlohmann::json& first, const nlohmann::json& second) {
    return nlohmann::json{{"type", "Sequence"}, {"pretokenizers", nlohmann::json::array({first, second})}};
  };
  CHECK(with(sequence(digits, bytes))->encode("12 1") == Ids{'1', '2', ' ', '1'});
  bytes["use_regex"] = false;
  const auto split = [](const std::string& numbers) {
    const std::string regex = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|)" + numbers +
                              R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
    return nlohmann::json{
        {"type", "Split"}, {"pattern", {{"Regex", regex}}}, {"behavior", "Isolated"}, {"invert", false}};
  };
  const auto llama3 = with(sequence(split(R"(\p{N}{1,3})"), bytes));
  CHECK(llama3->encode("12312'LL\n\n!\n") == Ids{301, 300, 303, 304, 305});
  CHECK(with(sequence(split(R"(\p{N})"), bytes))->encode("12'LL") == Ids{'1', '2', 303});
}

TEST_CASE("a template puts special tokens around the text only when asked", "[text]") {
  nlohmann::json json = gpt::test::tiny_tokenizer();
  const nlohmann::json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const nlohmann::json end = {{"SpecialToken", {{"id", "<|endoftext|>"}, {"type_id", 0}}}};
  const nlohmann::json special = {{"id", "<|endoftext|>"}, {"ids", {262}}, {"tokens", {"<|endoftext|>"}}};
  json["post_processor"] = {{"type", "TemplateProcessing"},
                            {"single", {end, text, end}},
                            {"pair", {text, text}},
                            {"special_tokens", {{"<|endoftext|>", special}}}};
  const auto tokenizer = load(json);
  CHECK(tokenizer->encode("a") == Ids{'a'});
  CHECK(tokenizer->encode("a", true) == Ids{262, 'a', 262});
  CHECK(tokenizer->encode_with_offsets("a", true).bytes == std::vector<Range>{{0, 0}, {0, 1}, {0, 0}});
}

TEST_CASE("NFC composes and keeps offsets of the original", "[text]") {
  nlohmann::json json = gpt::test::tiny_tokenizer();
  json["normalizer"] = {{"type", "NFC"}};
  const gpt::Encoding encoding = load(json)->encode_with_offsets("ae\u0301b");
  CHECK(encoding.ids == Ids{'a', 0xC3, 0xA9, 'b'});
  CHECK(encoding.bytes == std::vector<Range>{{0, 1}, {1, 2}, {1, 2}, {4, 5}});  // the library leaves the accent out
  CHECK(encoding.code_points == std::vector<Range>{{0, 1}, {1, 2}, {1, 2}, {3, 4}});
}

TEST_CASE("trimmed offsets leave spaces out, except one that may be the added one", "[text]") {
  nlohmann::json json = gpt::test::tiny_tokenizer();
  json["model"]["ignore_merges"] = true;
  json["model"]["vocab"]["\u0120\u0120"] = 300;
  json["pre_tokenizer"]["add_prefix_space"] = true;
  json["post_processor"] = json["pre_tokenizer"];
  const auto tokenizer = load(json);
  const gpt::Encoding encoding = tokenizer->encode_with_offsets("world  world");
  CHECK(encoding.ids == Ids{260, 261, 'l', 'd', ' ', 260, 261, 'l', 'd'});
  CHECK(encoding.bytes ==
        std::vector<Range>{{0, 1}, {1, 3}, {3, 4}, {4, 5}, {6, 6}, {7, 8}, {8, 10}, {10, 11}, {11, 12}});
  CHECK(encoding.code_points == encoding.bytes);
  CHECK(tokenizer->encode_with_offsets("  ").bytes == std::vector<Range>{{2, 2}});
  CHECK(tokenizer->encode_with_offsets(" world").bytes.front() == Range{0, 2});
}

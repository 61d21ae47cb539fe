// Tokens become text as they come: characters in parts, stop strings in parts.
#include "gpt/generate/text_stream.h"

#include <fstream>

#include "gpt/generate/generate.h"
#include "gpt/io/json.h"
#include "gpt/tensor/parallel.h"
#include "gpt/text/tokenizer.h"
#include "support/catch.h"
#include "support/paths.h"
#include "support/temporary_folder.h"
#include "support/tiny_model.h"

using namespace gpt;
using namespace gpt::test;

namespace {

using Tokens = std::vector<std::int32_t>;
using Pieces = std::vector<std::string>;

/// A token a byte.
struct Bytes {
  Bytes() {
    write_tiny_tokenizer(folder.path());
    tokenizer = Tokenizer::load(folder.path());
  }
  Pieces pieces(const std::string& text, const Pieces& stops = {}) const {
    TextStream stream(*tokenizer, {}, stops);
    Pieces out;
    for (const std::int32_t token : tokenizer->encode(text)) out.push_back(stream.push(token));
    out.push_back(stream.finish());
    return out;
  }
  TemporaryFolder folder;
  std::shared_ptr<const Tokenizer> tokenizer;
};

}  // namespace

TEST_CASE("a character comes when it is complete") {
  const Bytes bytes;
  CHECK(bytes.pieces("a\xC3\xA9z") == Pieces{"a", "", "\xC3\xA9", "z", ""});
  CHECK(bytes.pieces("\xF0\x9F\x99\x82!") == Pieces{"", "", "", "\xF0\x9F\x99\x82", "!", ""});
  TextStream broken(*bytes.tokenizer, {});
  CHECK(broken.push(0xF0).empty());
  CHECK(broken.push(0x9F).empty());
  CHECK(broken.push('a') ==
        "\xEF\xBF\xBD"
        "a");
  CHECK(broken.push(0xC3).empty());
  CHECK(broken.finish() == "\xEF\xBF\xBD");
}

TEST_CASE("a stop string ends the text, wherever tokens begin and end") {
  const Bytes bytes;
  CHECK(bytes.pieces("a b", {"\n"}) == Pieces{"a", " ", "b", ""});
  CHECK(bytes.pieces("xENEND!", {"END"}) == Pieces{"x", "", "", "EN", "", "", "", ""});
  CHECK(bytes.pieces("aab", {"ab"}) == Pieces{"", "a", "", ""});
  CHECK(bytes.pieces("EN", {"END"}) == Pieces{"", "", "EN"});  // held back to the end
  CHECK(bytes.pieces("abc", {"bcd", "b"}) == Pieces{"a", "", "", ""});
  CHECK(bytes.pieces("q\xC3\xA9", {"\xC3\xA9"}) == Pieces{"q", "", "", ""});
}

TEST_CASE("special tokens are left out, shown, or end the text") {
  const Bytes bytes;
  const Tokens tokens{'a', 256, 'b'};
  const auto text = [&](TextStream stream) {
    std::string out;
    for (const std::int32_t token : tokens) out += stream.push(token);
    return out + stream.finish();
  };
  CHECK(text({*bytes.tokenizer, {}}) == "ab");
  CHECK(text({*bytes.tokenizer, {}, {}, TextStream::Special::shown}) == "a<|endoftext|>b");
  const Pieces stops{"endof"}, across{"ab", "t|>b", "a<"};
  CHECK(text({*bytes.tokenizer, {}, stops}) == "a");
  CHECK(text({*bytes.tokenizer, {}, stops, TextStream::Special::shown}) == "a");
  CHECK(text({*bytes.tokenizer, {}, across}) == "ab");
  CHECK(text({*bytes.tokenizer, {}, across, TextStream::Special::shown}) == "a<|endoftext|>b");
}

TEST_CASE("pieces add up to the decoded text") {
  GPT_NEED(reference, test::reference());
  for (const char* name : {"gpt2", "smollm2"}) {
    const auto folder = reference / "tokenizers" / name;
    const auto tokenizer = Tokenizer::load(folder);
    std::ifstream cases(folder / "cases.jsonl");
    std::string line;
    std::size_t count = 0;
    while (std::getline(cases, line)) {
      const nlohmann::json one = parse_json(line, "a case");
      const auto ids = one.at("ids").get<Tokens>();
      const std::size_t half = ids.size() / 3;
      TextStream stream(*tokenizer, std::span(ids).first(half), {}, TextStream::Special::shown);
      std::string text = tokenizer->decode(std::span(ids).first(half));
      if (text.ends_with("\xEF\xBF\xBD")) continue;  // the prompt ends within a character
      for (std::size_t i = half; i < ids.size(); ++i) text += stream.push(ids[i]);
      text += stream.finish();
      INFO(name << ": " << line);
      CHECK(text == tokenizer->decode(ids));
      ++count;
    }
    CHECK(count > 100);
  }
}

TEST_CASE("generation ends at a stop string") {
  const TemporaryFolder folder;
  write_tiny_model(folder.path());
  const auto tokenizer = Tokenizer::load(folder.path());
  const auto decoder = Decoder::load(folder.path());
  Threads threads(1);
  GenerateOptions options;
  options.eos_token_id = Tokens();
  options.max_new_tokens = 30;
  options.do_sample = true;
  options.tokenizer = tokenizer.get();
  const std::vector<Tokens> prompts{{'a', 'b'}};
  const Generation whole = generate(*decoder, prompts, options, threads).front();
  REQUIRE(whole.tokens.size() == 30);
  for (std::size_t i = 0; i + 1 < 30; ++i) {
    const std::string stop = tokenizer->decode(std::span(whole.tokens).subspan(i, 2));
    const std::size_t place = tokenizer->decode(whole.tokens).find(stop);
    if (stop.find("\xEF\xBF\xBD") != std::string::npos || whole.tokens[i] > 127) continue;
    options.stop_strings = {"never there", stop};
    const Generation cut = generate(*decoder, prompts, options, threads).front();
    INFO("stop string '" << stop << "'");
    CHECK(cut.reason == StopReason::stop_string);
    CHECK(tokenizer->decode(cut.tokens).find(stop) == place);
    CHECK(std::equal(cut.tokens.begin(), cut.tokens.end(), whole.tokens.begin()));
    break;
  }
  options.do_sample = false;
  options.num_beams = 3;
  options.stop_strings.clear();
  const std::string beams = tokenizer->decode(generate(*decoder, prompts, options, threads).front().tokens);
  options.stop_strings = {"e", "a", "o", " "};
  const Generation cut = generate(*decoder, prompts, options, threads).front();
  INFO(beams);
  if (cut.reason == StopReason::stop_string) {
    const std::string text = tokenizer->decode(cut.tokens);
    CHECK(text.find_first_of("eao ") == text.size() - 1);
  }
}

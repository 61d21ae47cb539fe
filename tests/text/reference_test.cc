// Against the tokenizers library: ids, offsets in code points and decoded text of every reference case.
#include <fstream>
#include <nlohmann/json.hpp>

#include "gpt/text/tokenizer.h"
#include "support/catch.h"
#include "support/paths.h"

namespace {

std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs(const std::vector<gpt::Range>& ranges) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> result;
  for (const gpt::Range& range : ranges) result.emplace_back(range.begin, range.end);
  return result;
}

/// Code points of text[0, bytes).
std::uint32_t code_points(const std::string& text, std::uint32_t bytes) {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < bytes; ++i) count += (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

void check_cases(const std::filesystem::path& folder) {
  const auto tokenizer = gpt::Tokenizer::load(folder);
  std::ifstream file(folder / "cases.jsonl");
  std::string line;
  std::size_t count = 0;
  while (std::getline(file, line)) {
    const auto expected = nlohmann::json::parse(line);
    const auto text = expected["text"].get<std::string>();
    INFO(folder << ", case " << count << ": " << text);
    const gpt::Encoding encoding = tokenizer->encode_with_offsets(text);
    CHECK(encoding.ids == expected["ids"].get<std::vector<std::int32_t>>());
    CHECK(tokenizer->encode(text) == encoding.ids);
    CHECK(pairs(encoding.code_points) ==
          expected["offsets"].get<std::vector<std::pair<std::uint32_t, std::uint32_t>>>());
    CHECK(tokenizer->decode(encoding.ids) == expected["decoded"].get<std::string>());
    REQUIRE(encoding.bytes.size() == encoding.ids.size());
    for (std::size_t i = 0; i < encoding.bytes.size(); ++i) {
      CHECK(code_points(text, encoding.bytes[i].begin) == encoding.code_points[i].begin);
      CHECK(code_points(text, encoding.bytes[i].end) == encoding.code_points[i].end);
    }
    ++count;
  }
  CHECK(count > 0);
}

}  // namespace

TEST_CASE("cases of the tokenizers library agree", "[text]") {
  GPT_NEED(reference, gpt::test::reference());
  for (const auto& entry : std::filesystem::directory_iterator(reference / "tokenizers")) check_cases(entry.path());
}

TEST_CASE("GPT-2's files give the ids of its test vectors", "[text]") {
  GPT_NEED(data, gpt::test::data());
  const auto folder = data / "tokenizer_gpt2";
  if (!std::filesystem::exists(folder)) GPT_SKIP("needs tokenizer_gpt2 among the data");
  const auto tokenizer = gpt::Tokenizer::load(folder);
  std::ifstream file(folder / "vectors.json");
  for (const auto& entry : nlohmann::json::parse(file)) {
    if (!entry.contains("text")) continue;
    const auto text = entry["text"].get<std::string>();
    INFO(text);
    CHECK(tokenizer->encode(text) == entry["ids"].get<std::vector<std::int32_t>>());
  }
  CHECK(tokenizer->vocabulary_size() == 50257);
  CHECK(tokenizer->eos() == 50256);
  CHECK(tokenizer->is_special(50256));
  CHECK(tokenizer->token(15496) == "Hello");
  CHECK(tokenizer->id_of("\u0120world") == 995);
}

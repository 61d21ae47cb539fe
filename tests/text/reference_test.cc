// Against the tokenizers library: ids, offsets in code points and decoded text of every reference case.
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "gpt/io/compressed_file.h"
#include "gpt/text/tokenizer.h"
#include "support/catch.h"
#include "support/paths.h"
#include "support/temporary_folder.h"

using Ids = std::vector<std::int32_t>;

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

std::string read_all(const std::filesystem::path& path) {
  const auto file = gpt::open_text(path);
  return {std::istreambuf_iterator<char>(*file), {}};
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
    CHECK(encoding.ids == expected["ids"].get<Ids>());
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

/// The cases beside a vocabulary of llama.cpp: texts in VECTORS.inp, a line of ids for each in VECTORS.out.
void check_vectors(const std::filesystem::path& model, const std::filesystem::path& vectors) {
  const auto tokenizer = gpt::Tokenizer::load(model);
  const std::string inputs = read_all(vectors.string() + ".inp"), separator = "\n__ggml_vocab_test__\n";
  std::ifstream outputs(vectors.string() + ".out");
  std::string line;
  for (std::size_t begin = 0; begin < inputs.size();) {
    const std::size_t end = std::min(inputs.find(separator, begin), inputs.size());
    const std::string text = inputs.substr(begin, end - begin);
    REQUIRE(std::getline(outputs, line));
    std::istringstream numbers(line);
    INFO(model << ": " << text);
    CHECK(tokenizer->encode(text) == Ids(std::istream_iterator<std::int32_t>(numbers), {}));
    begin = end + separator.size();
  }
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
    INFO(entry);
    if (entry.contains("text")) {
      CHECK(tokenizer->encode(entry["text"].get<std::string>()) == entry["ids"].get<Ids>());
    } else if (const auto path = data / entry["text_file"].get<std::string>(); std::filesystem::exists(path)) {
      const Ids ids = tokenizer->encode(read_all(path));
      CHECK(ids.size() == entry["n_ids"].get<std::size_t>());
      CHECK(Ids(ids.begin(), ids.begin() + 16) == entry["first16"].get<Ids>());
    }
  }
  CHECK(tokenizer->vocabulary_size() == 50257);
  CHECK(tokenizer->eos() == 50256);
  CHECK(tokenizer->is_special(50256));
  CHECK(tokenizer->token(15496) == "Hello");
  CHECK(tokenizer->id_of("\u0120world") == 995);
}

TEST_CASE("GGUF vocabularies give the ids of llama.cpp", "[text]") {
  GPT_NEED(data, gpt::test::data());
  if (!std::filesystem::exists(data / "tokenizer_gpt2")) GPT_SKIP("needs tokenizer_gpt2 among the data");
  check_vectors(data / "tokenizer_gpt2" / "ggml-vocab-gpt-2.gguf", data / "tokenizer_gpt2" / "ggml-vocab-gpt-2.gguf");
  for (const std::string kind : {"mpt", "starcoder", "deepseek-coder", "falcon", "llama-spm", "phi-3"}) {
    const std::string name = "ggml-vocab-" + kind + ".gguf";
    const auto packed = data / "tokenizers_other" / (name + ".zst");
    if (!std::filesystem::exists(packed)) continue;
    const gpt::test::TemporaryFolder folder;
    gpt::test::put(folder / name, read_all(packed));
    check_vectors(folder / name, data / "tokenizers_other" / "vectors" / name);
  }
}

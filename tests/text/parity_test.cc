// What the tokenizers library says of 326,000 lines, as checksums that tests/parity/tokenizer_parity.py wrote.
#include <boost/crc.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "gpt/io/compressed_file.h"
#include "gpt/io/json.h"
#include "gpt/text/tokenizer.h"
#include "support/catch.h"
#include "support/paths.h"
#include "support/temporary_folder.h"

namespace {

std::string read_all(const std::filesystem::path& path) {
  const auto file = gpt::open_text(path);
  return {std::istreambuf_iterator<char>(*file), {}};
}

/// JSON merge patch (RFC 7386), except that null is kept and that what has a type is replaced as a whole.
nlohmann::json patched(const nlohmann::json& value, const nlohmann::json& patch) {
  if (!value.is_object() || !patch.is_object() || patch.contains("type")) return patch;
  nlohmann::json result = value;
  for (const auto& [key, change] : patch.items()) {
    result[key] = result.contains(key) ? patched(result[key], change) : change;
  }
  return result;
}

/// The tokenizers that the plan's entries begin with, as the text of a tokenizer.json.
nlohmann::json base(const std::string& name, const std::filesystem::path& data,
                    const std::filesystem::path& reference) {
  if (name == "smollm2") return gpt::read_json_file(reference / "tokenizers" / "smollm2" / "tokenizer.json");
  if (name == "gpt2") return nlohmann::json::parse(read_all(data / "tokenizer_gpt2" / "tokenizer.json.gz"));
  const gpt::test::TemporaryFolder folder;
  gpt::test::put(folder / "llama2.gguf", read_all(data / "tokenizers_other" / "ggml-vocab-llama-spm.gguf.zst"));
  gpt::Tokenizer::load(folder / "llama2.gguf")->save(folder.path());
  return gpt::read_json_file(folder / "tokenizer.json");
}

void add(boost::crc_32_type& checksum, const std::vector<gpt::Range>& ranges) {
  for (const gpt::Range& range : ranges) {
    checksum.process_bytes(&range.begin, sizeof(range.begin));
    checksum.process_bytes(&range.end, sizeof(range.end));
  }
}

std::uint32_t checksum(const gpt::Tokenizer& tokenizer, const std::filesystem::path& path) {
  const auto file = gpt::open_text(path);
  boost::crc_32_type value;
  std::string line;
  while (std::getline(*file, line)) {
    const gpt::Encoding encoding = tokenizer.encode_with_offsets(line);
    value.process_bytes(encoding.ids.data(), encoding.ids.size() * sizeof(std::int32_t));
    add(value, encoding.code_points);
  }
  return value.checksum();
}

}  // namespace

TEST_CASE("ids and offsets of many lines are the tokenizers library's", "[text]") {
  GPT_NEED(data, gpt::test::data());
  GPT_NEED(reference, gpt::test::reference());
  const std::filesystem::path here = std::filesystem::path(GPTASK_SOURCE_DIR) / "tests" / "text";
  const nlohmann::json plan = gpt::read_json_file(here / "parity.json");
  const nlohmann::json digests = gpt::read_json_file(here / "parity_digests.json");
  if (!std::filesystem::exists(data / "tokenizers_other") || !std::filesystem::exists(data / "multi30k")) {
    GPT_SKIP("needs the data sets of parity.json");
  }
  std::map<std::string, nlohmann::json> bases;
  for (const auto& entry : plan["tokenizers"]) {
    const auto name = entry["base"].get<std::string>();
    if (bases.count(name) == 0) bases[name] = base(name, data, reference);
    const gpt::test::TemporaryFolder folder;
    gpt::test::put(folder / "tokenizer.json", patched(bases[name], entry["patch"]).dump());
    const auto tokenizer = gpt::Tokenizer::load(folder / "tokenizer.json");
    for (const auto& file : plan[entry.value("all_files", false) ? "files" : "some_files"]) {  // seconds, not a minute
      INFO(entry["name"] << ", " << file);
      CHECK(checksum(*tokenizer, data / file.get<std::string>()) ==
            digests[entry["name"].get<std::string>()][file.get<std::string>()].get<std::uint32_t>());
    }
  }
}

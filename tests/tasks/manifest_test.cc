// gptask.json: written, read, and refused where it lies.
#include "gptask/toolkit/manifest.h"

#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_folder.h"

using namespace gpt::test;
using gptask::Manifest;

namespace {

Manifest example() {
  Manifest manifest;
  manifest.task = "sentiment";
  manifest.task_version = 1;
  manifest.plugin = "sentiment.so";
  manifest.state = {{"labels", {"a", "b"}}};
  manifest.options = {{"batch_size", 8}};
  manifest.tuning = "lora";
  manifest.max_tokens = 64;
  manifest.tokenizer_hash = "t";
  manifest.base_path = "../base";
  manifest.base_hash = "h";
  manifest.adapter = true;
  return manifest;
}

}  // namespace

TEST_CASE("gptask.json is read back as it was written", "[toolkit]") {
  const TemporaryFolder folder;
  gptask::write_manifest(folder.path(), example());
  const Manifest back = gptask::read_manifest(folder.path());
  CHECK(back.task == "sentiment");
  CHECK(back.state == example().state);
  CHECK(back.max_tokens == 64);
  CHECK(back.base_path == "../base");
  CHECK(back.adapter);
}

TEST_CASE("gptask.json cut, doubled, deep or of wrong types is refused", "[toolkit]") {
  const TemporaryFolder folder;
  gptask::write_manifest(folder.path(), example());
  const auto file = folder / "gptask.json";
  const std::string whole = nlohmann::json::parse(get(file)).dump();
  const auto refusal = [&](const std::string& content) {
    put(file, content);
    return error_of([&] { gptask::read_manifest(folder.path()); });
  };
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(contains(refusal(whole.substr(0, size)), "malformed: "));
  CHECK(refusal(whole) == "no error");
  CHECK(contains(refusal("[]"), "malformed: "));
  CHECK(contains(refusal(std::string(5000, '{')), "malformed: "));
  CHECK(contains(refusal(std::string(5000, '[')), "nested deeper than 100 levels"));
  CHECK(contains(refusal(R"({"format": 1, "format": 1})"), "the name 'format' occurs twice"));
  CHECK(contains(refusal(R"({"format": 99})"), "unsupported: "));
  for (const char* key : {"task", "state", "options", "tuning", "max_tokens", "tokenizer", "base", "adapter"}) {
    auto json = nlohmann::json::parse(whole);
    json.erase(key);
    CHECK(contains(refusal(json.dump()), std::string("malformed: ")));
    json[key] = nullptr;
    CHECK(contains(refusal(json.dump()), std::string("malformed: ")));
  }
}

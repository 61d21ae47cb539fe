// Tokenizers written as GGUF metadata and read back.
#include "gpt/io/gguf_writer.h"

#include "gpt/io/atomic_file.h"
#include "gpt/text/tokenizer.h"
#include "support/catch.h"
#include "support/errors.h"
#include "text/tiny_tokenizer.h"

using gpt::test::load_tokenizer;
using gpt::test::TemporaryFolder;
using gpt::test::tiny_sentencepiece;
using gpt::test::tiny_tokenizer;
using Json = nlohmann::json;

namespace {

/// The tokenizer of a GGUF file that holds this one, for a model of 300 embeddings.
std::shared_ptr<const gpt::Tokenizer> through_gguf(const gpt::Tokenizer& tokenizer) {
  const TemporaryFolder folder;
  gpt::GgufMetadata metadata;
  metadata.add_string("general.architecture", "llama");
  tokenizer.add_to_gguf(metadata, 300);
  gpt::AtomicFile file(folder / "a.gguf");
  write_gguf(file, metadata, {});
  file.commit();
  return gpt::Tokenizer::load(folder / "a.gguf");
}

/// Both make the same of texts that meet every merge.
void check_same(const gpt::Tokenizer& one, const gpt::Tokenizer& other) {
  for (const char* text : {"hello world", "  l 123  45\n\tor", "hell<|endoftext|>o<s>h</s>", "",
                           "w\u00f6rld e\u0301 \u4f60", "hellohell wor worldllllll"}) {
    INFO(text);
    CHECK(other.encode(text) == one.encode(text));
    CHECK(other.encode(text, true) == one.encode(text, true));
    CHECK(other.decode(one.encode(text)) == one.decode(one.encode(text)));
  }
}

Json cut(const Json& first) {
  Json json = tiny_tokenizer();
  json["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {first, json["pre_tokenizer"]}}};
  return json;
}

}  // namespace

TEST_CASE("byte-level tokenizers go through a GGUF file", "[text]") {
  Json normalized = tiny_tokenizer();
  normalized["normalizer"] = {{"type", "NFC"}};
  for (const Json& json : {tiny_tokenizer(), normalized, cut({{"type", "Digits"}, {"individual_digits", true}})}) {
    const auto tokenizer = load_tokenizer(json);
    check_same(*tokenizer, *through_gguf(*tokenizer));
  }
}

TEST_CASE("SentencePiece tokenizers go through a GGUF file by their scores", "[text]") {
  Json bare = tiny_sentencepiece();
  bare["normalizer"]["normalizers"].erase(0);
  bare["decoder"]["decoders"].erase(3);
  bare["post_processor"] = nullptr;
  for (const Json& json : {tiny_sentencepiece(), bare}) {
    const auto tokenizer = load_tokenizer(json);
    check_same(*tokenizer, *through_gguf(*tokenizer));
  }
}

TEST_CASE("tokenizers that a GGUF file cannot hold are refused by what it lacks", "[text]") {
  Json lower = tiny_tokenizer(), prefix = tiny_tokenizer(), strange = tiny_sentencepiece();
  lower["normalizer"] = {{"type", "Lowercase"}};
  prefix["pre_tokenizer"]["add_prefix_space"] = true;
  strange["normalizer"] = {{"type", "NFKC"}};
  CHECK_ERROR(through_gguf(*load_tokenizer(lower)), "unsupported", "llama.cpp has no name for the way this tokenizer");
  CHECK_ERROR(through_gguf(*load_tokenizer(prefix)), "unsupported", "llama.cpp has no name for the way this tokenizer");
  CHECK_ERROR(through_gguf(*load_tokenizer(strange)), "unsupported", "llama.cpp does not have this tokenizer's way");
  gpt::GgufMetadata metadata;
  CHECK_ERROR(load_tokenizer(tiny_tokenizer())->add_to_gguf(metadata, 100), "mismatch",
              "the tokenizer has 263 tokens, the model embeds only 100");
}

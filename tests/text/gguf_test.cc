// The tokenizer inside a GGUF file.
#include <limits>

#include "gpt/text/tokenizer.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/gguf_builder.h"
#include "support/paths.h"
#include "text/tiny_tokenizer.h"

using gpt::test::raw;
using gpt::test::TemporaryFolder;
using Ids = std::vector<std::int32_t>;

namespace {

constexpr std::uint32_t kInt32 = 5, kUint32 = 4, kBool = 7, kString = 8, kArray = 9;

std::string strings(const std::vector<std::string>& values) {
  std::string bytes = raw(kString) + raw<std::uint64_t>(values.size());
  for (const std::string& value : values) bytes += gpt::test::text(value);
  return bytes;
}

/// The metadata of the tiny tokenizer, by key; tests change entries before they write the file.
struct TinyGguf {
  std::map<std::string, std::pair<std::uint32_t, std::string>> entries;
  std::vector<std::string> tokens, merges;
  std::vector<std::int32_t> types;

  explicit TinyGguf(const std::string& pre) {
    const nlohmann::json json = gpt::test::tiny_tokenizer();
    tokens.resize(263);
    types.assign(263, 1);
    for (const auto& [token, id] : json["model"]["vocab"].items()) tokens[id.get<std::size_t>()] = token;
    tokens[262] = "<|endoftext|>";
    types[262] = 3;
    merges = json["model"]["merges"].get<std::vector<std::string>>();
    set_text("tokenizer.ggml.model", "gpt2");
    set_text("tokenizer.ggml.pre", pre);
    set_text("tokenizer.chat_template", "{{ messages }}");
    set_text("general.architecture", "llama");
    entries["llama.context_length"] = {kUint32, raw(std::uint32_t{77})};
    entries["tokenizer.ggml.eos_token_id"] = {kUint32, raw(std::uint32_t{262})};
  }
  void set_text(const std::string& key, const std::string& value) { entries[key] = {kString, gpt::test::text(value)}; }

  std::filesystem::path write(const TemporaryFolder& folder) {
    entries.try_emplace("tokenizer.ggml.tokens", kArray, strings(tokens));
    entries.try_emplace("tokenizer.ggml.merges", kArray, strings(merges));
    std::string bytes = raw(kInt32) + raw<std::uint64_t>(types.size());
    for (const std::int32_t type : types) bytes += raw(type);
    entries.try_emplace("tokenizer.ggml.token_type", kArray, bytes);
    std::string all;
    for (const auto& [key, value] : entries) all += gpt::test::entry(key, value.first, value.second);
    gpt::test::put(folder / "tiny.gguf", gpt::test::gguf(0, entries.size(), all));
    return folder / "tiny.gguf";
  }
};

}  // namespace

TEST_CASE("a GGUF tokenizer cuts as its pre-tokenizer's name says", "[text]") {
  const TemporaryFolder folder;
  const auto tokenizer = [&folder](const std::string& pre) {
    TinyGguf file(pre);
    file.tokens[200] = "12";  // reachable where whole words count (llama-bpe)
    return gpt::Tokenizer::load(file.write(folder));
  };
  CHECK(tokenizer("gpt-2")->encode("hello world") == Ids{259, 260, 261, 'l', 'd'});
  CHECK(tokenizer("smollm")->encode("12") == Ids{'1', '2'});
  CHECK(tokenizer("llama-bpe")->encode("12") == Ids{200});
  CHECK(tokenizer("qwen2")->encode("e\u0301") == Ids{0xC3, 0xA9});
  CHECK_ERROR(tokenizer("tekken"), "unsupported", "the pre-tokenizer 'tekken' (tokenizer.ggml.pre)");
}

TEST_CASE("a GGUF tokenizer saves as a tokenizer.json with the same hash", "[text]") {
  for (const std::string pre : {"gpt-2", "default", "smollm", "llama-bpe", "qwen2"}) {
    INFO(pre);
    const TemporaryFolder folder, copy;
    TinyGguf file(pre);
    file.entries["tokenizer.ggml.add_bos_token"] = {kBool, std::string(1, '\1')};
    file.entries["tokenizer.ggml.bos_token_id"] = {kUint32, raw(std::uint32_t{262})};
    const auto tokenizer = gpt::Tokenizer::load(file.write(folder));
    tokenizer->save(copy.path());
    const auto again = gpt::Tokenizer::load(copy.path());
    CHECK(again->hash() == tokenizer->hash());
    CHECK(again->chat_template() == "{{ messages }}");
    CHECK(again->eos() == 262);
    CHECK(again->bos() == 262);
    CHECK(again->pad() == std::nullopt);
    CHECK(again->is_special(262));
    const std::string text = "hello  12 world<|endoftext|>e\u0301'S\n";
    CHECK(tokenizer->encode(text, true).front() == 262);
    CHECK(again->encode(text, true) == tokenizer->encode(text, true));
    CHECK(nlohmann::json::parse(gpt::test::get(copy / "tokenizer_config.json"))["model_max_length"] == 77);
  }
}

TEST_CASE("a GGUF file whose tokenizer is broken says where", "[text]") {
  const TemporaryFolder folder;
  const auto load = [&folder](auto change) {
    TinyGguf file("gpt-2");
    change(file);
    return gpt::Tokenizer::load(file.write(folder));
  };
  CHECK_ERROR(load([](TinyGguf& f) { f.set_text("tokenizer.ggml.model", "bert"); }), "unsupported", "model 'bert'");
  CHECK_ERROR(load([](TinyGguf& f) { f.entries.erase("tokenizer.ggml.model"); }), "not_found", "no tokenizer in it");
  CHECK_ERROR(load([](TinyGguf& f) { f.set_text("tokenizer.ggml.model", "no_vocab"); }), "not_found",
              "no tokenizer in it (tokenizer.ggml.model is no_vocab)");
  CHECK_ERROR(load([](TinyGguf& f) { f.types.pop_back(); }), "malformed",
              "263 entries, but tokenizer.ggml.token_type 262");
  CHECK_ERROR(load([](TinyGguf& f) { f.tokens[7] = "\xFF"; }), "malformed",
              "tokenizer.ggml.tokens[7] is not valid UTF-8");
  CHECK_ERROR(load([](TinyGguf& f) { f.tokens['a'] = "b"; }), "malformed", "token 'b' has two ids, 97 and 98");
  CHECK_ERROR(load([](TinyGguf& f) { f.merges[3] = "x"; }), "malformed", "merge 3 is 'x'");
  CHECK_ERROR(load([](TinyGguf& f) { f.set_text("tokenizer.ggml.merges", "x"); }), "mismatch", "tokenizer.ggml.merges");
  CHECK_ERROR(load([](TinyGguf& f) { f.set_text("tokenizer.chat_template", "\xC0"); }), "malformed", "chat_template");
  CHECK_ERROR(load([](TinyGguf& f) { f.entries["tokenizer.ggml.eos_token_id"].second = raw(std::uint32_t{263}); }),
              "malformed", "tokenizer.ggml.eos_token_id is 263, but there are 263 tokens");
}

namespace {

/// The tiny SentencePiece tokenizer, with scores in the order of its merges.
struct TinyPieces {
  std::map<std::string, std::pair<std::uint32_t, std::string>> entries;
  std::vector<std::string> tokens;
  std::vector<float> scores;
  std::vector<std::int32_t> types;

  TinyPieces() {
    const nlohmann::json vocab = gpt::test::tiny_sentencepiece()["model"]["vocab"];
    tokens.resize(vocab.size());
    for (const auto& [token, id] : vocab.items()) tokens[id.get<std::size_t>()] = token;
    for (std::size_t id = 0; id < tokens.size(); ++id) {
      scores.push_back(id < 267 ? 0.0F : -static_cast<float>(id));
      types.push_back(id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1);
    }
    entries["tokenizer.ggml.model"] = {kString, gpt::test::text("llama")};
    entries["tokenizer.ggml.bos_token_id"] = {kUint32, raw(std::uint32_t{1})};
  }

  std::shared_ptr<const gpt::Tokenizer> load() {
    const TemporaryFolder folder;
    entries["tokenizer.ggml.tokens"] = {kArray, strings(tokens)};
    std::string bytes = raw(std::uint32_t{6}) + raw<std::uint64_t>(scores.size());
    for (const float score : scores) bytes += raw(score);
    entries["tokenizer.ggml.scores"] = {kArray, bytes};
    bytes = raw(kInt32) + raw<std::uint64_t>(types.size());
    for (const std::int32_t type : types) bytes += raw(type);
    entries["tokenizer.ggml.token_type"] = {kArray, bytes};
    std::string all;
    for (const auto& [key, value] : entries) all += gpt::test::entry(key, value.first, value.second);
    gpt::test::put(folder / "tiny.gguf", gpt::test::gguf(0, entries.size(), all));
    return gpt::Tokenizer::load(folder / "tiny.gguf");
  }
};

}  // namespace

TEST_CASE("a GGUF tokenizer of the SentencePiece kind merges by score", "[text]") {
  const auto json = gpt::test::load_tokenizer(gpt::test::tiny_sentencepiece());
  const auto tokenizer = TinyPieces().load();
  for (const std::string text : {"hello  world", "\u00e9 hhell", "", " ", "<s>l<unk>"}) {
    INFO(text);
    CHECK(tokenizer->encode(text) == json->encode(text));
    CHECK(tokenizer->encode(text, true) == json->encode(text, true));
    CHECK(tokenizer->decode(tokenizer->encode(text)) == json->decode(json->encode(text)));
  }
  TemporaryFolder copy;
  tokenizer->save(copy.path());
  CHECK(gpt::Tokenizer::load(copy.path())->hash() == tokenizer->hash());
  CHECK(tokenizer->bos() == 1);
  TinyPieces bare;
  bare.entries["tokenizer.ggml.add_space_prefix"] = {kBool, std::string(1, '\0')};
  bare.entries["tokenizer.ggml.add_bos_token"] = {kBool, std::string(1, '\0')};
  CHECK(bare.load()->encode("h", true) == Ids{260});
  CHECK(bare.load()->decode(Ids{259, 260}) == " h");
}

TEST_CASE("a GGUF tokenizer whose scores are broken says where", "[text]") {
  const auto load = [](auto change) {
    TinyPieces file;
    change(file);
    return file.load();
  };
  CHECK_ERROR(load([](TinyPieces& f) { f.scores.pop_back(); }), "malformed",
              "tokenizer.ggml.tokens has 274 entries, but tokenizer.ggml.scores 273");
  CHECK_ERROR(load([](TinyPieces& f) { f.scores[7] = std::numeric_limits<float>::quiet_NaN(); }), "malformed",
              "tokenizer.ggml.scores[7] is nan");
  CHECK_ERROR(load([](TinyPieces& f) { f.tokens[260] = std::string(3000, 'h'); }), "unsupported",
              "tokenizer.ggml.tokens[260] has 3000 bytes");
}

TEST_CASE("GPT-2's GGUF agrees with its JSON files", "[text]") {
  GPT_NEED(data, gpt::test::data());
  const auto folder = data / "tokenizer_gpt2";
  if (!std::filesystem::exists(folder)) GPT_SKIP("needs tokenizer_gpt2 among the data");
  const auto json = gpt::Tokenizer::load(folder), gguf = gpt::Tokenizer::load(folder / "ggml-vocab-gpt-2.gguf");
  CHECK(gguf->hash() == json->hash());
  CHECK(gguf->eos() == json->eos());
}

TEST_CASE("SmolLM2's GGUF agrees with its tokenizer.json", "[text]") {
  GPT_NEED(reference, gpt::test::reference());
  GPT_NEED(weights, gpt::test::smollm2());
  const auto json = gpt::Tokenizer::load(reference / "tokenizers" / "smollm2"), gguf = gpt::Tokenizer::load(weights);
  CHECK(gguf->hash() == json->hash());
  CHECK(gguf->token(gguf->eos().value()) == "<|im_end|>");
  CHECK_FALSE(gguf->chat_template().empty());
}

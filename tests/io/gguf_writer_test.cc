// GGUF files out: quantizers against ggml's, metadata and tensors read back, what cannot be written.
#include "gpt/io/gguf_writer.h"

#include <cmath>
#include <limits>

#include "gpt/io/json.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_folder.h"

using namespace gpt;

namespace {

class Text : public ByteSink {
 public:
  using ByteSink::write;
  void write(const void* bytes, std::size_t size) override { content.append(static_cast<const char*>(bytes), size); }
  std::string content;
};

std::string hex(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::string stored(StoredType type, const std::vector<float>& values) {
  Text sink;
  write_values(sink, {"t", type, {static_cast<std::int64_t>(values.size())}, values.data()});
  return sink.content;
}

std::vector<float> widened(StoredType type, const std::string& bytes, std::size_t count) {
  std::vector<float> out(count);
  read_f32({"t", type, {static_cast<std::int64_t>(count)}, std::as_bytes(std::span(bytes)), "t"}, 0, out);
  return out;
}

std::string written(const GgufMetadata& metadata, const std::vector<TensorToWrite>& tensors) {
  Text sink;
  write_gguf(sink, metadata, tensors);
  return sink.content;
}

}  // namespace

TEST_CASE("values are stored bit for bit as the gguf package stores them") {
  const auto fixture =
      read_json_file(std::filesystem::path(GPTASK_SOURCE_DIR) / "tests" / "io" / "fixtures" / "quantized.json");
  const auto values = fixture.at("values").get<std::vector<float>>();
  for (const StoredType type :
       {StoredType::q8_0, StoredType::q4_0, StoredType::q4_1, StoredType::bf16, StoredType::f16}) {
    INFO(stored_type_name(type));
    CHECK(hex(stored(type, values)) == fixture.at(std::string(stored_type_name(type))).get<std::string>());
  }
}

TEST_CASE("quantized values are as close as their steps") {
  std::vector<float> values;
  for (int i = 0; i < 3 * (1 << 16) + 64; ++i) values.push_back(std::sin(static_cast<float>(i)) * 3);
  for (const auto& [type, step] : {std::pair(StoredType::q8_0, 3.0 / 127), std::pair(StoredType::q4_0, 3.0 / 8),
                                   std::pair(StoredType::q4_1, 6.0 / 15)}) {
    const auto back = widened(type, stored(type, values), values.size());
    double worst = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      worst = std::max(worst, std::abs(double{back[i]} - double{values[i]}));
    CHECK(worst > 0);
    CHECK(worst < step * 1.01);
  }
}

TEST_CASE("blocks too small for a scale become zero") {
  for (const StoredType type : {StoredType::q8_0, StoredType::q4_0, StoredType::q4_1})
    for (const float back : widened(type, stored(type, std::vector<float>(32, 1e-41F)), 32)) CHECK(back == 0);
}

TEST_CASE("a GGUF file is read back as it was written") {
  GgufMetadata metadata;
  metadata.add_string("general.architecture", "llama");
  metadata.add_size("llama.block_count", 30);
  metadata.add_f32("llama.rope.freq_base", 1e5);
  metadata.add_bool("tokenizer.ggml.add_bos_token", true);
  metadata.add_strings("tokens", std::vector<std::string>{"a", "", "grüße"});
  metadata.add_i32s("types", std::vector<std::int32_t>{1, -3});
  metadata.add_f32s("scores", std::vector<float>{0.5F, -1000});
  CHECK(metadata.has("types"));
  CHECK_FALSE(metadata.has("type"));
  CHECK_ERROR(metadata.add_bool("types", false), "invalid_option", "the metadata key 'types' would be written twice");
  CHECK_ERROR(metadata.add_size("n", std::int64_t{1} << 32), "invalid_option", "n = 4294967296 does not fit");
  CHECK_ERROR(metadata.add_size("m", -1), "invalid_option", "m = -1 does not fit");

  const std::vector<float> row{1, 2, 3, 4, 5, 6}, block(64, 0.5F);
  int calls = 0;
  const auto late = [&](const auto& use) { use(block), ++calls; };
  const test::TemporaryFolder folder;
  test::put(folder / "a.gguf", written(metadata, {{"w", StoredType::f32, {2, 3}, row.data()},
                                                  {"v", StoredType::f16, {3}, row.data()},
                                                  {"q", StoredType::q4_1, {2, 32}, nullptr, late}}));
  CHECK(calls == 1);
  const GgufFile file(folder / "a.gguf");
  CHECK(file.version() == 3);
  CHECK(file.metadata().size() == 7);
  CHECK(file.find_string("general.architecture") == "llama");
  CHECK(file.find_integer("llama.block_count") == 30);
  CHECK(file.find_number("llama.rope.freq_base") == 1e5);
  CHECK(file.find_bool("tokenizer.ggml.add_bos_token") == true);
  CHECK(file.find_strings("tokens") == std::vector<std::string_view>{"a", "", "grüße"});
  CHECK(file.find_integers("types") == std::vector<std::int64_t>{1, -3});
  CHECK(file.find_numbers("scores") == std::vector<double>{0.5, -1000});
  REQUIRE(file.find("w") != nullptr);
  CHECK(file.find("w")->shape == std::vector<std::int64_t>{2, 3});
  CHECK(view_f32(*file.find("w"))[5] == 6);
  std::vector<float> back(64);
  read_f32(*file.find("q"), 0, back);
  CHECK(back == block);
  CHECK(file.find("v")->bytes.size() == 6);
}

TEST_CASE("an empty GGUF file and one without values are fine") {
  const test::TemporaryFolder folder;
  test::put(folder / "a.gguf", written({}, {}));
  CHECK(GgufFile(folder / "a.gguf").tensors().empty());
  test::put(folder / "b.gguf", written({}, {{"t", StoredType::f32, {0, 3}, nullptr}}));
  CHECK(GgufFile(folder / "b.gguf").find("t")->shape == std::vector<std::int64_t>{0, 3});
}

TEST_CASE("what a GGUF file cannot hold is refused by name") {
  const std::vector<float> values(64, 1.0F);
  const auto write = [&](TensorToWrite tensor) { return written({}, {std::move(tensor)}); };
  const float* data = values.data();
  CHECK_ERROR(write({"t", StoredType::q6_k, {256}, data}), "invalid_option", "tensor 't' cannot be written as q6_k");
  CHECK_ERROR(write({"t", StoredType::q8_0, {2, 24}, data}), "invalid_option",
              "tensor 't' has rows of 24, no multiple of the 32 that q8_0 packs");
  CHECK_ERROR(write({"t", StoredType::f32, {-1}, data}), "invalid_option", "cannot be written with shape [-1]");
  CHECK_ERROR(write({"t", StoredType::f32, {1LL << 40, 1LL << 40}, data}), "invalid_option", "cannot be written with");
  CHECK_ERROR(write({"t", StoredType::f32, {1LL << 61}, data}), "invalid_option", "more bytes than a file can have");
  CHECK_ERROR(write({"t", StoredType::f32, {1, 1, 1, 1, 1}, data}), "invalid_option", "'t' has 5 dimensions");
  CHECK_ERROR(write({std::string(64, 'n'), StoredType::f32, {1}, data}), "invalid_option", "a name has 1 to 63 bytes");
  CHECK_ERROR(write({"", StoredType::f32, {1}, data}), "invalid_option", "a name has 1 to 63 bytes");
  CHECK_ERROR(written({}, {{"t", StoredType::f32, {1}, data}, {"t", StoredType::f32, {1}, data}}), "invalid_option",
              "tensor 't' would be written twice");
  CHECK_ERROR(write({"t", StoredType::f32, {1}, nullptr}), "mismatch", "tensor 't' has 0 values");
  CHECK_ERROR(write({"t", StoredType::f32, {2}, nullptr, [&](const auto& use) { use(std::span(data, 3)); }}),
              "mismatch", "tensor 't' has 3 values, its shape [2] asks for 2");
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e5F}) {
    std::vector<float> with = values;
    with[40] = bad;
    CHECK_ERROR(write({"t", StoredType::q4_0, {64}, with.data()}), "malformed",
                fmt::format("tensor 't' holds {} at element 40, which q4_0 cannot store", bad));
  }
}

#include "gpt/io/gguf.h"

#include <cmath>

#include "support/catch.h"
#include "support/errors.h"
#include "support/gguf_builder.h"
#include "support/paths.h"
#include "support/temporary_folder.h"

using namespace gpt;
using test::entry;
using test::raw;
using test::tensor;
using test::text;

TEST_CASE("metadata of every type is read") {
  const test::TemporaryFolder folder;
  const auto path = folder / "a.gguf";
  const std::string arrays =
      entry("strings", 9, raw(8U) + raw<std::uint64_t>(2) + text("one") + text("")) +
      entry("floats", 9, raw(6U) + raw<std::uint64_t>(2) + raw(0.5F) + raw(-1.0F)) +
      entry("nested", 9, raw(9U) + raw<std::uint64_t>(1) + raw(4U) + raw<std::uint64_t>(1) + raw(7U)) +
      entry("bools", 9, raw(7U) + raw<std::uint64_t>(2) + std::string("\1\0", 2));
  test::put(path, test::gguf(0, 17,
                             entry("u8", 0, raw<std::uint8_t>(200)) + entry("i8", 1, raw<std::int8_t>(-3)) +
                                 entry("u16", 2, raw<std::uint16_t>(60000)) + entry("i16", 3, raw<std::int16_t>(-300)) +
                                 entry("u32", 4, raw(4'000'000'000U)) + entry("i32", 5, raw(-70000)) +
                                 entry("f32", 6, raw(1.5F)) + entry("bool", 7, "\1") +
                                 entry("string", 8, text("grüße")) + arrays + entry("u64", 10, raw<std::uint64_t>(1)) +
                                 entry("u64 large", 10, raw(~std::uint64_t{0})) +
                                 entry("i64", 11, raw<std::int64_t>(-5)) + entry("f64", 12, raw(0.1))));
  const GgufFile file(path);
  CHECK(file.version() == 3);
  CHECK(file.metadata().size() == 17);
  CHECK(file.find_integer("u8") == 200);
  CHECK(file.find_integer("i8") == -3);
  CHECK(file.find_integer("u16") == 60000);
  CHECK(file.find_integer("i16") == -300);
  CHECK(file.find_integer("u32") == 4'000'000'000);
  CHECK(file.find_integer("i32") == -70000);
  CHECK(file.find_number("f32") == 1.5);
  CHECK(file.find_number("i32") == -70000.0);
  CHECK(file.find_bool("bool") == true);
  CHECK(file.find_string("string") == "grüße");
  CHECK(file.find_integer("u64") == 1);
  CHECK(file.find_integer("i64") == -5);
  CHECK(file.find_number("f64") == 0.1);
  CHECK(file.find_strings("strings") == std::vector<std::string_view>{"one", ""});
  CHECK(file.find_numbers("floats") == std::vector<double>{0.5, -1});
  CHECK_FALSE(file.find_string("absent").has_value());
  CHECK_FALSE(file.find_integers("absent").has_value());
  CHECK_ERROR(file.find_integer("u64 large"), "mismatch", "an integer below 2^63");
  CHECK_ERROR(file.find_string("i32"), "mismatch", "metadata 'i32' should be a string and is i32");
  CHECK_ERROR(file.find_integer("f32"), "mismatch", "an integer below 2^63 and is f32");
  CHECK_ERROR(file.find_integers("strings"), "mismatch", "is an array of string");
  CHECK_ERROR(file.find_strings("string"), "mismatch", "should be an array of strings and is string");
  CHECK_ERROR(file.find_numbers("nested"), "mismatch", "is an array of array");
  CHECK_ERROR(file.find_bool("u8"), "mismatch", "should be a bool");
}

TEST_CASE("tensors have PyTorch's order of dimensions") {
  const test::TemporaryFolder folder;
  const auto path = folder / "a.gguf";
  for (const std::uint32_t version : {2U, 3U}) {
    const std::string data = raw(1.0F) + raw(2.0F) + raw(3.0F) + raw(4.0F) + raw(5.0F) + raw(6.0F) +
                             std::string(8, '\0') + std::string(18, 'x');
    test::put(path, test::gguf(3, 1,
                               entry("general.alignment", 4, raw(16U)) + tensor("w", {3, 2}, 0, 0) +
                                   tensor("iq", {128}, 41, 32) + tensor("future", {7}, 777, 0),
                               data, version, 16));
    const GgufFile file(path);
    const auto* w = file.find("w");
    REQUIRE(w != nullptr);
    CHECK(w->shape == std::vector<std::int64_t>{2, 3});
    CHECK(view_f32(*w)[5] == 6);
    std::vector<float> out(32);
    CHECK(file.find("iq")->bytes.size() == 18);
    CHECK_ERROR(read_f32(*file.find("iq"), 0, out), "unsupported", "'iq' is stored as Q1_0");
    CHECK_ERROR(read_f32(*file.find("future"), 0, out), "unsupported", "'future' is stored as type 777");
  }
}

TEST_CASE("types that cannot be widened are refused by their names in llama.cpp") {
  const test::TemporaryFolder folder;
  const std::tuple<std::uint32_t, const char*, std::size_t> types[] = {
      {16, "IQ2_XXS", 66}, {17, "IQ2_XS", 74}, {18, "IQ3_XXS", 98}, {19, "IQ1_S", 50}, {21, "IQ3_S", 110},
      {22, "IQ2_S", 82},   {29, "IQ1_M", 56},  {34, "TQ1_0", 54},   {35, "TQ2_0", 66}, {40, "NVFP4", 4 * 36}};
  for (const auto& [number, name, bytes] : types) {
    test::put(folder / "a.gguf", test::gguf(1, 0, tensor("w", {256}, number, 0), std::string(bytes, 'x')));
    const GgufFile file(folder / "a.gguf");
    std::vector<float> out(256);
    CHECK_ERROR(read_f32(*file.find("w"), 0, out), "unsupported",
                std::string("tensor 'w' is stored as ") + name +
                    ", which cannot be read as numbers here; convert the file to f16 or Q8_0");
  }
}

TEST_CASE("parts of a split file are refused") {
  const test::TemporaryFolder folder;
  test::put(folder / "a-00001-of-00002.gguf", test::gguf(0, 1, entry("split.count", 2, raw<std::uint16_t>(2))));
  CHECK_ERROR(open_weights(folder.path()), "unsupported", "llama-gguf-split --merge");
}

TEST_CASE("SmolLM2 opens") {
  GPT_NEED(path, test::smollm2());
  const GgufFile file(path);
  CHECK(file.find_string("general.architecture") == "llama");
  CHECK(file.find_integer("llama.block_count") == 30);
  CHECK(file.find_number("llama.rope.freq_base").value() == Approx(100000));
  CHECK(file.find_strings("tokenizer.ggml.tokens")->size() == 49152);
  const auto* embedding = file.find("token_embd.weight");
  REQUIRE(embedding != nullptr);
  CHECK(embedding->shape == std::vector<std::int64_t>{49152, 576});
  CHECK(embedding->type == StoredType::q8_0);
  std::vector<float> row(576);
  read_f32(*embedding, 576 * 100, row);
  for (const float value : row) CHECK(std::isfinite(value));
}

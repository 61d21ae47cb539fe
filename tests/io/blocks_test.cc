// Every block type against values that the gguf package of llama.cpp reads from random blocks.
#include <cmath>
#include <cstring>
#include <vector>

#include "gpt/io/safetensors.h"
#include "io/half.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/paths.h"

using namespace gpt;

namespace {

std::string lower(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::tolower(c));
  return text;
}

StoredType type_of(const std::string& name) {
  for (int i = 0; i < static_cast<int>(StoredType::other); ++i)
    if (stored_type_name(static_cast<StoredType>(i)) == lower(name)) return static_cast<StoredType>(i);
  return StoredType::other;
}

/// The same bytes as a tensor of another type.
StoredTensor as(const StoredTensor& blocks, StoredType type) {
  const auto size = block_size(type);
  return {blocks.name, type, {blocks.shape[0] * size.elements}, blocks.bytes, "test"};
}

}  // namespace

TEST_CASE("blocks of every type stand for the reference values") {
  GPT_NEED(folder, test::reference());
  const SafetensorsFile file(folder / "gguf" / "blocks.safetensors");
  int types = 0;
  for (const auto& tensor : file.tensors()) {
    const auto dot = tensor.name.find(".blocks");
    if (dot == std::string::npos) continue;
    const auto type = type_of(tensor.name.substr(0, dot));
    if (type == StoredType::other) continue;
    INFO(tensor.name);
    ++types;
    CHECK(block_size(type).bytes == tensor.shape[1]);
    const auto expected = view_f32(*file.find(tensor.name.substr(0, dot) + ".values"));
    std::vector<float> found(expected.size());
    read_f32(as(tensor, type), 0, found);
    double worst = 0;
    for (std::size_t i = 0; i < found.size(); ++i)
      worst = std::max(
          worst, std::abs(double{found[i]} - double{expected[i]}) / std::max(1e-3, std::abs(double{expected[i]})));
    CHECK(worst <= 1e-6);

    std::vector<float> second(static_cast<std::size_t>(block_size(type).elements));
    read_f32(as(tensor, type), block_size(type).elements, second);  // from the middle
    CHECK(std::memcmp(second.data(), found.data() + second.size(), second.size() * 4) == 0);
  }
  CHECK(types == 15);  // f16, bf16 and all quantized ones but q8_k, which the package does not read
}

TEST_CASE("q8_k blocks are a float32 scale and signed bytes") {
  std::vector<std::byte> block(292);
  const float scale = 0.5F;
  std::memcpy(block.data(), &scale, 4);
  for (int i = 0; i < 256; ++i) block[static_cast<std::size_t>(4 + i)] = static_cast<std::byte>(i);
  std::vector<float> out(256);
  read_f32({"t", StoredType::q8_k, {256}, block, "Q8_K"}, 0, out);
  for (int i = 0; i < 256; ++i)
    CHECK(out[static_cast<std::size_t>(i)] == 0.5F * static_cast<float>(static_cast<std::int8_t>(i)));
}

TEST_CASE("integers, bools and doubles widen") {
  const auto widened = [](StoredType type, auto values) {
    std::vector<float> out(values.size());
    read_f32({"t", type, {static_cast<std::int64_t>(values.size())}, std::as_bytes(std::span(values)), "t"}, 0, out);
    return out;
  };
  CHECK(widened(StoredType::i8, std::vector<std::int8_t>{-128, 127}) == std::vector<float>{-128, 127});
  CHECK(widened(StoredType::u8, std::vector<std::uint8_t>{0, 255}) == std::vector<float>{0, 255});
  CHECK(widened(StoredType::boolean, std::vector<std::uint8_t>{0, 1}) == std::vector<float>{0, 1});
  CHECK(widened(StoredType::i16, std::vector<std::int16_t>{-32768, 5}) == std::vector<float>{-32768, 5});
  CHECK(widened(StoredType::i32, std::vector<std::int32_t>{-70000, 5}) == std::vector<float>{-70000, 5});
  CHECK(widened(StoredType::i64, std::vector<std::int64_t>{-70000, 1LL << 40}) == std::vector<float>{-70000, 0x1p40F});
  CHECK(widened(StoredType::f64, std::vector<double>{0.1, -3}) == std::vector<float>{0.1F, -3});
}

TEST_CASE("every float16 survives float32 and back, and rounding is to nearest even") {
  for (std::uint32_t bits = 0; bits < 0x1'0000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = f16_to_f32(half);
    const int exponent = static_cast<int>(bits >> 10 & 31);
    if (exponent < 31) {
      const auto fraction = static_cast<float>(bits & 1023);
      const float magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
      REQUIRE(value == (bits & 0x8000 ? -magnitude : magnitude));
    }
    if (std::isnan(value)) {
      REQUIRE(std::isnan(f16_to_f32(f32_to_f16(value))));
      continue;
    }
    REQUIRE(f32_to_f16(value) == half);
    if (exponent == 31 || (bits & 0x7FFF) == 0x7BFF) continue;
    const float next = f16_to_f32(static_cast<std::uint16_t>(half + 1));
    const auto even = static_cast<std::uint16_t>(half + (half & 1));
    REQUIRE(f32_to_f16((value + next) / 2) == even);
  }
  CHECK(f32_to_f16(65519.9F) == 0x7BFF);
  CHECK(f32_to_f16(65520.0F) == 0x7C00);
  CHECK(f32_to_bf16(1.00390625F) == 0x3F80);  // a tie: 1 + 2^-8
  CHECK(f32_to_bf16(1.01171875F) == 0x3F82);  // a tie: 1 + 3 * 2^-8
  CHECK(std::isnan(bf16_to_f32(f32_to_bf16(std::nanf("")))));
}

TEST_CASE("read_f32 says what cannot be read") {
  const std::vector<std::byte> bytes(36);
  std::vector<float> out(32);
  CHECK_ERROR(read_f32({"w", StoredType::other, {32}, bytes, "IQ2_XS"}, 0, out), "unsupported",
              "tensor 'w' is stored as IQ2_XS");
  const StoredTensor blocks{"w", StoredType::q4_0, {64}, bytes, "Q4_0"};
  CHECK_ERROR(read_f32(blocks, 16, out), "mismatch", "not whole blocks");
  CHECK_ERROR(read_f32(blocks, 64, out), "mismatch", "has 64 elements; 32 were asked for from element 64");
  CHECK_ERROR(read_f32(blocks, -32, out), "mismatch", "from element -32");
}

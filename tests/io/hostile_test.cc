// Files that lie: each must give an Error that says what is wrong, and never more than the file's own size in memory.
#include <cstring>

#include "gpt/io/gguf.h"
#include "gpt/io/safetensors.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/gguf_builder.h"
#include "support/temporary_folder.h"

using namespace gpt;
using test::entry;
using test::gguf;
using test::raw;
using test::tensor;
using test::text;

namespace {

std::string safetensors(const std::string& header, std::size_t data = 0) {
  return raw<std::uint64_t>(header.size()) + header + std::string(data, '\0');
}

/// One tensor 't'.
std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets, std::size_t data) {
  return safetensors(R"({"t":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}",
                     data);
}

struct Case {
  const char* name;
  std::string content;
  const char* code;
  const char* message;
};

std::string deep(std::size_t levels) { return R"({"t":)" + std::string(levels, '['); }

std::vector<Case> hostile_safetensors() {
  const std::string two =
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":)";
  const std::string a = R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  return {
      {"empty file", "", "malformed", "the length of the header takes 8 bytes and only 0 are left"},
      {"length only", raw<std::uint64_t>(2), "malformed", "the header takes 2 bytes"},
      {"length of all bits", raw(~std::uint64_t{0}) + "{}", "malformed", "the header takes 18446744073709551615 bytes"},
      {"length beyond the end", raw<std::uint64_t>(100) + "{}", "malformed", "only 2 are left"},
      {"empty header", safetensors(""), "malformed", "does not start with '{'"},
      {"an array", safetensors("[]"), "malformed", "does not start with '{'"},
      {"not JSON", safetensors("{oops}"), "malformed", "line 1, column 2 (byte 1)"},
      {"deep nesting", safetensors(deep(100'000)), "malformed", "nested deeper than 100"},
      {"bytes after the JSON", safetensors("{}x"), "malformed", "line 1, column 3"},
      {"entry no object", safetensors(R"({"t":7})"), "malformed", "tensor 't': its entry is no object"},
      {"no dtype", safetensors(R"({"t":{"shape":[],"data_offsets":[0,0]}})"), "malformed", "'dtype' is missing"},
      {"no shape", safetensors(R"({"t":{"dtype":"U8","data_offsets":[0,0]}})"), "malformed", "'shape' is missing"},
      {"no offsets", safetensors(R"({"t":{"dtype":"U8","shape":[]}})"), "malformed", "'data_offsets' is missing"},
      {"dtype a number", one("7", "[1]", "[0,4]", 4), "malformed", "'dtype' is no string"},
      {"shape a number", one("\"F32\"", "1", "[0,4]", 4), "malformed", "'shape' is no array"},
      {"negative size", one("\"F32\"", "[-1]", "[0,4]", 4), "malformed", "'shape' holds -1"},
      {"fractional size", one("\"F32\"", "[1.5]", "[0,4]", 4), "malformed", "'shape' holds 1.5"},
      {"size above 2^63", one("\"F32\"", "[18446744073709551615]", "[0,4]", 4), "malformed", "which is no size"},
      {"product wraps to 4", one("\"F32\"", "[4611686018427387905,4]", "[0,16]", 16), "malformed",
       "more elements than any file"},
      {"one offset", one("\"F32\"", "[1]", "[0]", 4), "malformed", "is not two offsets"},
      {"negative offset", one("\"F32\"", "[1]", "[-4,0]", 4), "malformed", "is not two offsets"},
      {"offsets reversed", one("\"F32\"", "[1]", "[4,0]", 4), "malformed", "its bytes 4 to 0"},
      {"offset beyond the end", one("\"F32\"", "[2]", "[0,8]", 4), "malformed",
       "its bytes 0 to 8 are not inside the 4 bytes"},
      {"offset of all bits", one("\"F32\"", "[1]", "[0,18446744073709551615]", 4), "malformed", "are not inside"},
      {"shape too small", one("\"F32\"", "[1]", "[0,8]", 8), "malformed", "takes 4 bytes, its data_offsets span 8"},
      {"shape too large", one("\"F32\"", "[3]", "[0,8]", 8), "malformed", "takes 12 bytes, its data_offsets span 8"},
      {"half a byte", one("\"F4\"", "[3]", "[0,1]", 1), "malformed", "its data_offsets span 1"},
      {"trailing bytes", one("\"F32\"", "[1]", "[0,4]", 6), "malformed", "2 bytes after the last tensor"},
      {"gap at the start", one("\"F32\"", "[1]", "[4,8]", 8), "malformed", "should start at 0: tensors leave a gap"},
      {"gap", safetensors(two + "[8,12]}}", 12), "malformed", "tensor 'b': its data starts at 8 and should start at 4"},
      {"overlap", safetensors(two + "[2,6]}}", 6), "malformed", "tensors overlap"},
      {"the same bytes twice", safetensors(two + "[0,4]}}", 4), "malformed", "tensors overlap"},
      {"a name twice", safetensors("{" + a + "," + a + "}", 1), "malformed", "the name 'a' occurs twice"},
      {"metadata a string", safetensors(R"({"__metadata__":"x"})"), "malformed", "__metadata__ is no object"},
      {"metadata with a number", safetensors(R"({"__metadata__":{"x":1}})"), "malformed",
       "__metadata__ 'x' is no string but 1"},
      {"invalid UTF-8", safetensors("{\"\xff\":1}"), "malformed", "line 1"},
  };
}

std::string array(std::uint32_t type, std::uint64_t count, const std::string& elements = {}) {
  return entry("k", 9, raw(type) + raw(count) + elements);
}

std::vector<Case> hostile_gguf() {
  std::string nested = entry("k", 9, "");
  for (int i = 0; i < 50; ++i) nested += raw(9U) + raw<std::uint64_t>(1);
  const std::string f32(4, '\0');
  return {
      {"empty file", "", "malformed", "the magic number takes 4 bytes"},
      {"another magic", "GGML....", "malformed", "does not start with 'GGUF'"},
      {"version 1", gguf(0, 0, "", "", 1), "unsupported", "GGUF version 1"},
      {"version 9", gguf(0, 0, "", "", 9), "unsupported", "GGUF version 9"},
      {"big endian", gguf(0, 0, "", "", 0x0300'0000), "unsupported", "big-endian"},
      {"2^64 tensors", gguf(~std::uint64_t{0}, 0, ""), "malformed", "the number of tensors is 18446744073709551615"},
      {"2^60 entries", gguf(0, std::uint64_t{1} << 60, "") + std::string(64, '\0'), "malformed",
       "the number of metadata entries"},
      {"key of 2^64 bytes", gguf(0, 1, raw(~std::uint64_t{0}) + std::string(9, 'x')), "malformed",
       "a metadata key takes"},
      {"string of 2^63 bytes", gguf(0, 1, entry("k", 8, raw(std::uint64_t{1} << 63))), "malformed",
       "k takes 9223372036854775808 bytes"},
      {"value type 13", gguf(0, 1, entry("k", 13, f32)), "malformed", "'k' has the unknown value type 13"},
      {"element type 99", gguf(0, 1, array(99, 1, f32)), "malformed", "unknown value type 99"},
      {"array of 2^61 numbers", gguf(0, 1, array(4, std::uint64_t{1} << 61)), "malformed", "the length of 'k'"},
      {"array of 2^62 strings", gguf(0, 1, array(8, std::uint64_t{1} << 62)), "malformed", "the length of 'k'"},
      {"array cut short", gguf(0, 1, array(4, 3, f32 + f32)), "malformed", "the length of 'k' is 3"},
      {"string in an array cut short", gguf(0, 1, array(8, 1, raw<std::uint64_t>(5) + "abc")), "malformed",
       "k takes 5 bytes"},
      {"arrays in arrays", gguf(0, 1, nested), "malformed", "nests arrays deeper than 4"},
      {"bool of 2", gguf(0, 1, entry("k", 7, "\2")), "malformed", "'k' is a bool of value 2"},
      {"key twice", gguf(0, 2, entry("k", 0, "a") + entry("k", 0, "b")), "malformed",
       "the metadata key 'k' occurs twice"},
      {"alignment 0", gguf(0, 1, entry("general.alignment", 4, raw(0U))), "malformed", "general.alignment is 0"},
      {"alignment 24", gguf(0, 1, entry("general.alignment", 4, raw(24U))), "malformed", "no power of two"},
      {"alignment a string", gguf(0, 1, entry("general.alignment", 8, text("x"))), "mismatch", "general.alignment"},
      {"five dimensions", gguf(1, 0, tensor("t", {1, 1, 1, 1, 1}, 0, 0), f32), "malformed", "'t' has 5 dimensions"},
      {"2^32 dimensions", gguf(1, 0, text("t") + raw(~0U) + std::string(20, '\0')), "malformed",
       "'t' has 4294967295 dimensions"},
      {"dimension of 2^63", gguf(1, 0, tensor("t", {std::uint64_t{1} << 63}, 0, 0), f32), "malformed",
       "dimension 0 is 9223372036854775808"},
      {"product wraps to 0", gguf(1, 0, tensor("t", {1ULL << 32, 1ULL << 32}, 0, 0), f32), "malformed",
       "more elements than any file"},
      {"bytes wrap", gguf(1, 0, tensor("t", {1ULL << 62}, 0, 0), f32), "malformed", "the file is cut short or damaged"},
      {"half a block", gguf(1, 0, tensor("t", {48}, 3, 0), std::string(64, '\0')), "malformed",
       "no multiple of the 32 that Q4_1 packs"},
      {"data too short", gguf(1, 0, tensor("t", {2}, 0, 0), f32), "malformed",
       "takes 8 bytes from 0 of the data, which has only 4"},
      {"no data", gguf(1, 0, tensor("t", {2}, 0, 0)), "malformed", "which has only 0"},
      {"offset beyond the end", gguf(1, 0, tensor("t", {1}, 0, 1ULL << 40), f32), "malformed",
       "from 1099511627776 of the data"},
      {"offset not aligned", gguf(1, 0, tensor("t", {1}, 0, 4), std::string(8, '\0')), "malformed",
       "no multiple of the alignment 32"},
      {"overlap", gguf(2, 0, tensor("a", {1}, 0, 0) + tensor("b", {1}, 0, 0), f32), "malformed", "overlap"},
      {"tensor twice", gguf(2, 0, tensor("a", {1}, 0, 0) + tensor("a", {1}, 0, 32), std::string(36, '\0')), "malformed",
       "the tensor 'a' occurs twice"},
  };
}

template <typename Open>
void check_all(const std::vector<Case>& cases, const char* file_name, const Open& open) {
  const test::TemporaryFolder folder;
  for (const auto& hostile : cases) {
    INFO(hostile.name);
    const auto path = folder / file_name;
    test::put(path, hostile.content);
    CHECK_ERROR(open(path), hostile.code, hostile.message);
    CHECK_ERROR(open(path), hostile.code, file_name);
  }
}

/// Every shorter file is an error; the whole one is none.
template <typename Open>
void check_truncation(const std::string& whole, const char* file_name, const Open& open) {
  const test::TemporaryFolder folder;
  const auto path = folder / file_name;
  test::put(path, whole);
  REQUIRE(test::error_of([&] { open(path); }) == "no error");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    test::put(path, whole.substr(0, size));
    INFO(size);
    CHECK_ERROR(open(path), "malformed", file_name);
  }
}

const auto open_safetensors = [](const std::filesystem::path& path) { return SafetensorsFile(path); };
const auto open_gguf = [](const std::filesystem::path& path) { return GgufFile(path); };

}  // namespace

TEST_CASE("hostile safetensors files are refused") {
  check_all(hostile_safetensors(), "hostile.safetensors", open_safetensors);
}

TEST_CASE("hostile GGUF files are refused") { check_all(hostile_gguf(), "hostile.gguf", open_gguf); }

TEST_CASE("a safetensors file cut at any byte is refused") {
  const test::TemporaryFolder folder;
  const std::vector<float> data{1, 2, 3};
  write_safetensors(folder / "a", {{"a", StoredType::f32, {3}, data.data()}, {"b", StoredType::f16, {2}, data.data()}});
  check_truncation(test::get(folder / "a"), "cut.safetensors", open_safetensors);
}

TEST_CASE("a GGUF file cut at any byte is refused") {
  const auto whole = gguf(2, 2,
                          entry("name", 8, text("x")) + array(8, 2, text("a") + text("bc")) +
                              tensor("a", {2, 2}, 1, 0) + tensor("b", {3}, 0, 32),
                          std::string(44, '\1'));
  check_truncation(whole, "cut.gguf", open_gguf);
}

TEST_CASE("a file with any byte changed is read or refused, nothing else") {
  const test::TemporaryFolder folder;
  const std::string whole =
      gguf(1, 2, array(8, 2, text("a") + text("bc")) + entry("n", 10, raw(~std::uint64_t{0})) + tensor("a", {4}, 0, 0),
           std::string(16, '\1'));
  const auto path = folder / "changed.gguf";
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int change : {1, 0x80, 0xFF}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ change);
      test::put(path, changed);
      CHECK_NOTHROW(test::error_of([&] { open_gguf(path); }));
    }
}

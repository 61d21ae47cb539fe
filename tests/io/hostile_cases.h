// Files that lie, built by hand, and what must be said of each.
#pragma once

#include <string>
#include <vector>

#include "support/gguf_builder.h"

namespace gpt::test {

inline std::string safetensors(const std::string& header, std::size_t data = 0) {
  return raw<std::uint64_t>(header.size()) + header + std::string(data, '\0');
}

/// One tensor 't'.
inline std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets,
                       std::size_t data) {
  return safetensors(R"({"t":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}",
                     data);
}

struct Case {
  const char* name;
  std::string content;
  const char* code;
  const char* message;
};

inline std::string repeated(const std::string& text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

inline std::string deep(std::size_t levels) { return R"({"t":{"x":)" + std::string(levels, '['); }

inline std::vector<Case> hostile_safetensors() {
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
      {"not JSON", safetensors("{oops}"), "malformed", "expected string literal (at byte 9)"},
      {"deep nesting", safetensors(deep(100'000)), "malformed", "nested deeper than 100"},
      {"bytes after the JSON", safetensors("{}x"), "malformed", "(at byte 10)"},
      {"entry no object", safetensors(R"({"t":7})"), "malformed",
       "tensor 't': its entry is no object but 7 (at byte 9)"},
      {"no dtype", safetensors(R"({"t":{"shape":[],"data_offsets":[0,0]}})"), "malformed", "'dtype' is missing"},
      {"no shape", safetensors(R"({"t":{"dtype":"U8","data_offsets":[0,0]}})"), "malformed", "'shape' is missing"},
      {"no offsets", safetensors(R"({"t":{"dtype":"U8","shape":[]}})"), "malformed", "'data_offsets' is missing"},
      {"dtype a number", one("7", "[1]", "[0,4]", 4), "malformed", "'dtype' is no string"},
      {"dtype twice", safetensors(R"({"t":{"dtype":"U8","dtype":"F32","shape":[],"data_offsets":[0,4]}})", 4),
       "malformed", "tensor 't': the name 'dtype' occurs twice (at byte 9)"},
      {"entry a list", safetensors(R"({"t":[1]})"), "malformed", "its entry is no object but an array"},
      {"shape in a shape", one("\"F32\"", "[[1]]", "[0,4]", 4), "malformed", "'shape' holds an array"},
      {"65 dimensions", one("\"F32\"", "[1" + std::string(128, ' ') + repeated(",1", 64) + "]", "[0,4]", 4),
       "malformed", "'shape' has more than 64 dimensions"},
      {"three offsets", one("\"F32\"", "[1]", "[0,4,8]", 4), "malformed", "is not two offsets but more"},
      {"offsets a number", one("\"F32\"", "[1]", "4", 4), "malformed", "is not two offsets: it holds 4"},
      {"a list at the top", safetensors("{}[]"), "malformed", "(at byte 10)"},
      {"second tensor wrong", safetensors(two + "[4]}}", 8), "malformed",
       "tensor 'b': 'data_offsets' is not two offsets but 1 numbers (at byte 62)"},
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
      {"metadata a string", safetensors(R"({"__metadata__":"x"})"), "malformed",
       "__metadata__ is no object but \"x\" (at byte 9)"},
      {"metadata with a number", safetensors(R"({"__metadata__":{"x":1}})"), "malformed",
       "__metadata__ 'x' is no string but 1"},
      {"invalid UTF-8", safetensors("{\"\xff\":1}"), "malformed", "the header is no JSON"},
  };
}

inline std::string array(std::uint32_t type, std::uint64_t count, const std::string& elements = {}) {
  return entry("k", 9, raw(type) + raw(count) + elements);
}

inline std::vector<Case> hostile_gguf() {
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

}  // namespace gpt::test

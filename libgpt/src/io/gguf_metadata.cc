#include <type_traits>

#include "gpt/core/error.h"
#include "gpt/io/gguf.h"
#include "gpt/io/reader.h"

namespace gpt {
namespace {

/// Calls use(number) with the next number of the type, as its own C++ type. False for strings, bools and arrays.
template <typename Use>
bool with_number(BoundedReader& reader, GgufType type, const Use& use) {
  switch (type) {
    case GgufType::u8:
      return use(reader.u8("value"));
    case GgufType::i8:
      return use(reader.read<std::int8_t>("value"));
    case GgufType::u16:
      return use(reader.read<std::uint16_t>("value"));
    case GgufType::i16:
      return use(reader.read<std::int16_t>("value"));
    case GgufType::u32:
      return use(reader.u32("value"));
    case GgufType::i32:
      return use(reader.read<std::int32_t>("value"));
    case GgufType::u64:
      return use(reader.u64("value"));
    case GgufType::i64:
      return use(reader.read<std::int64_t>("value"));
    case GgufType::f32:
      return use(reader.f32("value"));
    case GgufType::f64:
      return use(reader.read<double>("value"));
    case GgufType::boolean:
    case GgufType::string:
    case GgufType::array:
      return false;
  }
  return false;
}

/// Reads one number as T; false if the type holds none or T cannot hold it.
bool read_number(BoundedReader& reader, GgufType type, std::int64_t& out) {
  return with_number(reader, type, [&](auto value) {
    if constexpr (std::is_floating_point_v<decltype(value)>) {
      return false;
    } else {
      out = static_cast<std::int64_t>(value);
      return !(std::is_same_v<decltype(value), std::uint64_t> && out < 0);
    }
  });
}

bool read_number(BoundedReader& reader, GgufType type, double& out) {
  return with_number(reader, type, [&](auto value) {
    out = static_cast<double>(value);
    return true;
  });
}

/// Numbers widen to 8 bytes: a file of small ones must not make us take many times its size.
constexpr std::uint64_t kMostNumbers = std::uint64_t{1} << 21;

template <typename T>
bool read_numbers(const GgufValue& value, const std::filesystem::path& path, std::vector<T>& out) {
  BoundedReader reader(value.bytes, path);
  const bool small = value.count > 0 && value.bytes.size() / value.count < 4;
  if (value.element_type == GgufType::array || (small && value.count > kMostNumbers)) return false;
  out.resize(value.element_type == GgufType::string ? 0 : value.count);
  for (auto& number : out)
    if (!read_number(reader, value.element_type, number)) return false;
  return out.size() == value.count;
}

std::string_view read_text(BoundedReader& reader) { return reader.string(reader.u64("length"), "text"); }

}  // namespace

const GgufValue* GgufFile::find_value(std::string_view key) const {
  const auto found = keys_.find(key);
  return found == keys_.end() ? nullptr : &metadata_[found->second];
}

void GgufFile::wrong_type(const GgufValue& value, std::string_view wanted) const {
  const bool array = value.type == GgufType::array;
  fail(ErrorCode::mismatch, "{}: metadata '{}' should be {} and is {}{} (at byte {})", path().string(), value.key,
       wanted, array ? "an array of " : "", gguf_type_name(value.element_type), offset_of(value));
}

const GgufValue* GgufFile::find_array(std::string_view key, std::string_view wanted) const {
  const auto* value = find_value(key);
  if (value != nullptr && value->type != GgufType::array) wrong_type(*value, wanted);
  return value;
}

std::optional<std::string_view> GgufFile::find_string(std::string_view key) const {
  const auto* value = find_value(key);
  if (value == nullptr) return std::nullopt;
  if (value->type != GgufType::string) wrong_type(*value, "a string");
  BoundedReader reader(value->bytes, path());
  return read_text(reader);
}

std::optional<std::int64_t> GgufFile::find_integer(std::string_view key) const {
  const auto* value = find_value(key);
  if (value == nullptr) return std::nullopt;
  BoundedReader reader(value->bytes, path());
  std::int64_t number = 0;
  if (!read_number(reader, value->type, number)) wrong_type(*value, "an integer below 2^63");
  return number;
}

std::optional<double> GgufFile::find_number(std::string_view key) const {
  const auto* value = find_value(key);
  if (value == nullptr) return std::nullopt;
  BoundedReader reader(value->bytes, path());
  double number = 0;
  if (!read_number(reader, value->type, number)) wrong_type(*value, "a number");
  return number;
}

std::optional<bool> GgufFile::find_bool(std::string_view key) const {
  const auto* value = find_value(key);
  if (value == nullptr) return std::nullopt;
  if (value->type != GgufType::boolean) wrong_type(*value, "a bool");
  return value->bytes[0] != std::byte{0};
}

std::optional<std::vector<std::string_view>> GgufFile::find_strings(std::string_view key) const {
  const auto* value = find_array(key, "an array of strings");
  if (value == nullptr) return std::nullopt;
  if (value->element_type != GgufType::string) wrong_type(*value, "an array of strings");
  BoundedReader reader(value->bytes, path());
  std::vector<std::string_view> texts(value->count);
  for (auto& text : texts) text = read_text(reader);
  return texts;
}

std::optional<std::vector<std::int64_t>> GgufFile::find_integers(std::string_view key) const {
  const auto* value = find_array(key, "an array of integers");
  if (value == nullptr) return std::nullopt;
  std::vector<std::int64_t> numbers;
  if (!read_numbers(*value, path(), numbers)) wrong_type(*value, "an array of integers below 2^63");
  return numbers;
}

std::optional<std::vector<double>> GgufFile::find_numbers(std::string_view key) const {
  const auto* value = find_array(key, "an array of numbers");
  if (value == nullptr) return std::nullopt;
  std::vector<double> numbers;
  if (!read_numbers(*value, path(), numbers)) wrong_type(*value, "an array of numbers");
  return numbers;
}

}  // namespace gpt

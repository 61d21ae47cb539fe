#include "gpt/io/gguf.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>

#include "gpt/core/error.h"
#include "gpt/io/reader.h"
#include "io/gguf_types.h"

namespace gpt {
namespace {

constexpr std::uint32_t most_dimensions = 4;
constexpr int array_depth_limit = 4;

/// Names and sizes in the order of GgufType; 0 where the size varies.
struct TypeRow {
  std::string_view name;
  std::uint64_t size;
};
constexpr std::array<TypeRow, 13> value_types{{{"u8", 1},
                                               {"i8", 1},
                                               {"u16", 2},
                                               {"i16", 2},
                                               {"u32", 4},
                                               {"i32", 4},
                                               {"f32", 4},
                                               {"bool", 1},
                                               {"string", 0},
                                               {"array", 0},
                                               {"u64", 8},
                                               {"i64", 8},
                                               {"f64", 8}}};

std::uint64_t size_of(GgufType type) { return value_types[static_cast<std::size_t>(type)].size; }

/// A tensor's description, before its data is found.
struct Description {
  StoredTensor tensor;
  BlockSize block;
  std::uint64_t offset;  ///< from the start of the data
  std::uint64_t at;      ///< of the description in the file, for messages
};

/// Reads the parts of a file in their order: header, metadata, descriptions of tensors.
class Parser {
 public:
  explicit Parser(const MappedFile& file) : file_(file), reader_(file.bytes(), file.path()) {}

  std::uint32_t header();
  GgufValue metadata_entry();
  Description description();
  /// Where the data starts: the next multiple of the alignment.
  std::span<const std::byte> data(std::uint64_t alignment);

  std::uint64_t tensors() const noexcept { return tensors_; }
  std::uint64_t entries() const noexcept { return entries_; }
  const BoundedReader& reader() const noexcept { return reader_; }

 private:
  std::string_view text(std::string_view field) { return reader_.string(reader_.u64(field), field); }
  std::uint64_t count(std::string_view field, std::uint64_t least_bytes);
  GgufType type(std::string_view key);
  void skip(GgufType type, std::string_view key);
  void skip_array(GgufValue& value, int depth);
  void shape(Description& description);

  const MappedFile& file_;
  BoundedReader reader_;
  std::uint64_t tensors_ = 0;
  std::uint64_t entries_ = 0;
};

/// A number of things that take at least `least_bytes` each, so that no loop or allocation outgrows the file.
std::uint64_t Parser::count(std::string_view field, std::uint64_t least_bytes) {
  const auto at = reader_.offset();
  const auto value = reader_.u64(field);
  if (value > reader_.remaining() / least_bytes)
    reader_.malformed(
        fmt::format("{} is {}, more than the {} bytes that follow can hold", field, value, reader_.remaining()), at);
  return value;
}

std::uint32_t Parser::header() {
  if (reader_.string(4, "the magic number") != "GGUF") reader_.malformed("it does not start with 'GGUF'", 0);
  const auto version = reader_.u32("the version");
  if (version == 0x0200'0000 || version == 0x0300'0000)
    fail(ErrorCode::unsupported,
         "{}: a big-endian GGUF file (at byte 4); convert it with gguf_convert_endian.py of llama.cpp",
         file_.path().string());
  if (version != 2 && version != 3)
    fail(ErrorCode::unsupported,
         "{}: GGUF version {} (at byte 4); versions 2 and 3 are read, convert it with llama.cpp", file_.path().string(),
         version);
  tensors_ = count("the number of tensors", 24);
  entries_ = count("the number of metadata entries", 13);
  return version;
}

GgufType Parser::type(std::string_view key) {
  const auto at = reader_.offset();
  const auto number = reader_.u32("the type of a value");
  if (number >= value_types.size())
    reader_.malformed(fmt::format("'{}' has the unknown value type {}", key, number), at);
  return static_cast<GgufType>(number);
}

void Parser::skip(GgufType type, std::string_view key) {
  const auto at = reader_.offset();
  if (type == GgufType::string) {
    text(key);
  } else {
    const auto raw = reader_.bytes(size_of(type), key);
    if (type == GgufType::boolean && std::to_integer<int>(raw[0]) > 1)
      reader_.malformed(fmt::format("'{}' is a bool of value {}", key, std::to_integer<int>(raw[0])), at);
  }
}

/// The elements of an array, whose element type and count come first.
void Parser::skip_array(GgufValue& value, int depth) {
  const auto at = reader_.offset();
  if (depth > array_depth_limit)
    reader_.malformed(fmt::format("'{}' nests arrays deeper than {}", value.key, array_depth_limit), at);
  value.element_type = type(value.key);
  const auto size = size_of(value.element_type);
  value.count = count(fmt::format("the length of '{}'", value.key), size > 0 ? size : 8);
  const auto start = reader_.offset();
  if (value.element_type == GgufType::array) {
    GgufValue inner{value.key, GgufType::array, GgufType::u8, 0, {}};
    for (std::uint64_t i = 0; i < value.count; ++i) skip_array(inner, depth + 1);
  } else if (size > 0 && value.element_type != GgufType::boolean) {
    reader_.bytes(value.count * size, value.key);
  } else {
    for (std::uint64_t i = 0; i < value.count; ++i) skip(value.element_type, value.key);
  }
  value.bytes = file_.bytes().subspan(start, reader_.offset() - start);
}

GgufValue Parser::metadata_entry() {
  GgufValue value;
  value.key = text("a metadata key");
  value.type = value.element_type = type(value.key);
  const auto start = reader_.offset();
  if (value.type == GgufType::array) {
    skip_array(value, 1);
  } else {
    skip(value.type, value.key);
    value.bytes = file_.bytes().subspan(start, reader_.offset() - start);
  }
  return value;
}

void Parser::shape(Description& description) {
  auto& tensor = description.tensor;
  const auto dimensions = reader_.u32("a number of dimensions");
  if (dimensions > most_dimensions)
    reader_.malformed(
        fmt::format("tensor '{}' has {} dimensions; there are at most {}", tensor.name, dimensions, most_dimensions),
        description.at);
  std::int64_t elements = 1;
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    const auto size = reader_.u64("a dimension");
    if (size > std::uint64_t{INT64_MAX} || !checked_multiply(elements, static_cast<std::int64_t>(size), elements))
      reader_.malformed(
          fmt::format("tensor '{}' has more elements than any file: dimension {} is {}", tensor.name, i, size),
          description.at);
    tensor.shape.push_back(static_cast<std::int64_t>(size));
  }
}

Description Parser::description() {
  Description result{{}, {}, 0, reader_.offset()};
  auto& tensor = result.tensor;
  tensor.name = text("a tensor name");
  shape(result);
  const auto row = tensor.shape.empty() ? 1 : tensor.shape.front();
  std::reverse(tensor.shape.begin(), tensor.shape.end());
  auto type = ggml_type(reader_.u32("a tensor type"));
  tensor.type = type.type;
  tensor.type_name = std::move(type.name);
  result.block = type.block;
  if (type.block.elements > 0 && row % type.block.elements != 0)
    reader_.malformed(fmt::format("tensor '{}' has rows of {}, no multiple of the {} that {} packs", tensor.name, row,
                                  type.block.elements, tensor.type_name),
                      result.at);
  result.offset = reader_.u64("a tensor offset");
  return result;
}

std::span<const std::byte> Parser::data(std::uint64_t alignment) {
  const auto bytes = file_.bytes();
  const auto start = (reader_.offset() + alignment - 1) / alignment * alignment;
  return start < bytes.size() ? bytes.subspan(start) : std::span<const std::byte>{};
}

/// Finds the bytes of each tensor and checks that they are inside the file.
void place(std::deque<Description>& descriptions, std::span<const std::byte> data, std::uint64_t alignment,
           const BoundedReader& reader) {
  for (auto& [tensor, block, offset, at] : descriptions) {
    if (offset % alignment != 0)
      reader.malformed(fmt::format("tensor '{}' starts at {} of the data, no multiple of the alignment {}", tensor.name,
                                   offset, alignment),
                       at);
    std::int64_t size = 0;
    const bool fits = block.elements == 0 || checked_multiply(tensor.elements() / block.elements, block.bytes, size);
    if (!fits || offset > data.size() || static_cast<std::uint64_t>(size) > data.size() - offset)
      reader.malformed(
          fmt::format("tensor '{}' ({} [{}]) takes {} bytes from {} of the data, which has only {}: the file is cut "
                      "short or damaged",
                      tensor.name, tensor.type_name, fmt::join(tensor.shape, ", "), size, offset, data.size()),
          at);
    tensor.bytes = data.subspan(offset, static_cast<std::size_t>(size));
  }
}

void check_overlap(const std::deque<Description>& descriptions, const BoundedReader& reader) {
  std::vector<const Description*> order;
  for (const auto& description : descriptions)
    if (!description.tensor.bytes.empty()) order.push_back(&description);
  std::sort(order.begin(), order.end(),
            [](const Description* a, const Description* b) { return a->offset < b->offset; });
  for (std::size_t i = 1; i < order.size(); ++i)
    if (order[i - 1]->offset + order[i - 1]->tensor.bytes.size() > order[i]->offset)
      reader.malformed(fmt::format("tensors '{}' and '{}' overlap", order[i - 1]->tensor.name, order[i]->tensor.name),
                       order[i]->at);
}

}  // namespace

std::string_view gguf_type_name(GgufType type) noexcept { return value_types[static_cast<std::size_t>(type)].name; }

std::uint64_t GgufFile::offset_of(const GgufValue& value) const noexcept {
  return static_cast<std::uint64_t>(value.bytes.data() - file_->bytes().data());
}

GgufFile::GgufFile(const std::filesystem::path& path) : file_(MappedFile::open(path)) {
  Parser parser(*file_);
  version_ = parser.header();
  metadata_.reserve(parser.entries());
  for (std::uint64_t i = 0; i < parser.entries(); ++i) {
    const auto at = parser.reader().offset();
    const auto value = parser.metadata_entry();
    if (!keys_.emplace(value.key, metadata_.size()).second)
      parser.reader().malformed(fmt::format("the metadata key '{}' occurs twice", value.key), at);
    metadata_.push_back(value);
  }
  std::deque<Description> descriptions;
  for (std::uint64_t i = 0; i < parser.tensors(); ++i) descriptions.push_back(parser.description());

  const auto alignment = find_integer("general.alignment").value_or(32);
  if (alignment <= 0 || alignment > (std::int64_t{1} << 30) || (alignment & (alignment - 1)) != 0)
    parser.reader().malformed(fmt::format("general.alignment is {}, which is no power of two", alignment),
                              offset_of(*find_value("general.alignment")));
  place(descriptions, parser.data(static_cast<std::uint64_t>(alignment)), static_cast<std::uint64_t>(alignment),
        parser.reader());
  check_overlap(descriptions, parser.reader());
  tensors_.reserve(descriptions.size());
  for (auto& description : descriptions)
    if (const auto name = description.tensor.name; !tensors_.add(std::move(description.tensor)))
      parser.reader().malformed(fmt::format("the tensor '{}' occurs twice", name), description.at);
}

}  // namespace gpt

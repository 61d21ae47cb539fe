#include "gpt/io/safetensors.h"

#include <algorithm>
#include <array>
#include <set>

#include "gpt/core/error.h"
#include "gpt/io/json.h"
#include "gpt/io/reader.h"

namespace gpt {
namespace {

using nlohmann::json;

struct Dtype {
  std::string_view name;
  StoredType type;
  std::int64_t bits;
};

constexpr std::array<Dtype, 20> dtypes{{
    {"F32", StoredType::f32, 32},      {"F16", StoredType::f16, 16},      {"BF16", StoredType::bf16, 16},
    {"F64", StoredType::f64, 64},      {"I8", StoredType::i8, 8},         {"I16", StoredType::i16, 16},
    {"I32", StoredType::i32, 32},      {"I64", StoredType::i64, 64},      {"U8", StoredType::u8, 8},
    {"BOOL", StoredType::boolean, 8},  {"U16", StoredType::other, 16},    {"U32", StoredType::other, 32},
    {"U64", StoredType::other, 64},    {"F8_E4M3", StoredType::other, 8}, {"F8_E5M2", StoredType::other, 8},
    {"F8_E8M0", StoredType::other, 8}, {"F4", StoredType::other, 4},      {"F6_E2M3", StoredType::other, 6},
    {"F6_E3M2", StoredType::other, 6}, {"C64", StoredType::other, 64},
}};

/// Checks the entries of one header against the data that follows it.
struct Header {
  std::string file;
  std::span<const std::byte> data;

  template <typename... Args>
  [[noreturn]] void malformed(const std::string& name, fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorCode::malformed, "{}: tensor '{}': {}", file, name, fmt::format(format, std::forward<Args>(args)...));
  }

  StoredTensor tensor(const std::string& name, const json& entry) const;
  std::vector<std::int64_t> shape(const std::string& name, const json& entry) const;
  std::span<const std::byte> bytes(const std::string& name, const json& entry) const;
  void check_size(const StoredTensor& tensor, const Dtype& dtype) const;
  void check_layout(const std::vector<StoredTensor>& sorted) const;
  std::int64_t offset(const StoredTensor& tensor) const { return tensor.bytes.data() - data.data(); }
};

const json& field(const Header& header, const std::string& name, const json& entry, const char* key) {
  if (!entry.is_object()) header.malformed(name, "its entry is no object");
  const auto found = entry.find(key);
  if (found == entry.end()) header.malformed(name, "'{}' is missing", key);
  return *found;
}

std::vector<std::int64_t> Header::shape(const std::string& name, const json& entry) const {
  std::vector<std::int64_t> result;
  const auto& sizes = field(*this, name, entry, "shape");
  if (!sizes.is_array()) malformed(name, "'shape' is no array");
  for (const auto& size : sizes) {
    if (!size.is_number_unsigned() || size.get<std::uint64_t>() > std::uint64_t{INT64_MAX})
      malformed(name, "'shape' holds {}, which is no size", size.dump());
    result.push_back(size.get<std::int64_t>());
  }
  return result;
}

std::span<const std::byte> Header::bytes(const std::string& name, const json& entry) const {
  const auto& offsets = field(*this, name, entry, "data_offsets");
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned())
    malformed(name, "'data_offsets' is not two offsets but {}", offsets.dump().substr(0, 100));
  const auto begin = offsets[0].get<std::uint64_t>();
  const auto end = offsets[1].get<std::uint64_t>();
  if (begin > end || end > data.size())
    malformed(name,
              "its bytes {} to {} are not inside the {} bytes of data that the file has: it is cut short or damaged",
              begin, end, data.size());
  return data.subspan(begin, end - begin);
}

void Header::check_size(const StoredTensor& tensor, const Dtype& dtype) const {
  std::int64_t bits = dtype.bits;
  bool fits = true;
  for (const auto size : tensor.shape) fits = fits && checked_multiply(bits, size, bits);
  if (!fits) malformed(tensor.name, "its shape [{}] has more elements than any file", fmt::join(tensor.shape, ", "));
  if (bits % 8 != 0 || static_cast<std::size_t>(bits / 8) != tensor.bytes.size())
    malformed(tensor.name, "shape [{}] of {} takes {} bytes, its data_offsets span {}", fmt::join(tensor.shape, ", "),
              dtype.name, bits / 8, tensor.bytes.size());
}

StoredTensor Header::tensor(const std::string& name, const json& entry) const {
  const auto& type_name = field(*this, name, entry, "dtype");
  if (!type_name.is_string()) malformed(name, "'dtype' is no string");
  StoredTensor result{name, StoredType::other, shape(name, entry), bytes(name, entry), type_name.get<std::string>()};
  const auto dtype =
      std::find_if(dtypes.begin(), dtypes.end(), [&](const Dtype& d) { return d.name == result.type_name; });
  if (dtype == dtypes.end())
    return result;  // a type newer than this program: its bytes are kept, reading them is refused
  check_size(result, *dtype);
  result.type = dtype->type;
  return result;
}

void Header::check_layout(const std::vector<StoredTensor>& sorted) const {
  std::int64_t expected = 0;
  for (const auto& tensor : sorted) {
    if (offset(tensor) != expected)
      malformed(tensor.name, "its data starts at {} and should start at {}: tensors {}", offset(tensor), expected,
                offset(tensor) < expected ? "overlap" : "leave a gap");
    expected += static_cast<std::int64_t>(tensor.bytes.size());
  }
  if (static_cast<std::size_t>(expected) != data.size())
    fail(ErrorCode::malformed, "{}: {} bytes after the last tensor belong to nothing", file,
         data.size() - static_cast<std::size_t>(expected));
}

SafetensorsMetadata metadata_of(const std::string& file, const json& entry) {
  SafetensorsMetadata result;
  if (!entry.is_object()) fail(ErrorCode::malformed, "{}: __metadata__ is no object", file);
  for (const auto& [key, value] : entry.items()) {
    if (!value.is_string())
      fail(ErrorCode::malformed, "{}: __metadata__ '{}' is no string but {}", file, key, value.dump().substr(0, 100));
    result[key] = value.get<std::string>();
  }
  return result;
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : file_(MappedFile::open(path)) {
  BoundedReader reader(file_->bytes(), file_->path());
  const auto length = reader.u64("the length of the header");
  const auto text = reader.string(length, "the header");
  Header header{path.string(), reader.bytes(reader.remaining(), "the data")};
  if (text.empty() || text.front() != '{')
    reader.malformed("the header does not start with '{'; no safetensors file", 8);
  const auto entries = parse_json(text, "header of " + header.file, DuplicateKeys::refuse);
  std::vector<StoredTensor> tensors;
  for (const auto& [name, entry] : entries.items()) {
    if (name == "__metadata__")
      metadata_ = metadata_of(header.file, entry);
    else
      tensors.push_back(header.tensor(name, entry));
  }
  std::sort(tensors.begin(), tensors.end(), [](const StoredTensor& a, const StoredTensor& b) {
    const auto* a_data = a.bytes.data();
    const auto* b_data = b.bytes.data();
    return a_data != b_data ? a_data < b_data : a.bytes.size() < b.bytes.size();
  });
  header.check_layout(tensors);
  for (auto& tensor : tensors) tensors_.add(std::move(tensor));
}

ShardedSafetensors::ShardedSafetensors(const std::filesystem::path& index)
    : index_(index), shards_(std::make_shared<std::vector<SafetensorsFile>>()) {
  const auto root = read_json_file(index);
  const auto map = root.is_object() ? root.find("weight_map") : root.end();
  if (map == root.end() || !map->is_object())
    fail(ErrorCode::malformed, "{}: 'weight_map', an object of tensor and file names, is missing", index.string());
  std::map<std::string, std::vector<std::string>> names_of;  // file -> tensors
  for (const auto& [name, file] : map->items()) {
    if (!file.is_string() || file.get<std::string>().find('/') != std::string::npos)
      fail(ErrorCode::malformed, "{}: tensor '{}' must name a file of the same folder, not {}", index.string(), name,
           file.dump());
    names_of[file.get<std::string>()].push_back(name);
  }
  for (const auto& [file, names] : names_of) {
    const auto& shard = shards_->emplace_back(index.parent_path() / file);
    const std::set<std::string> wanted(names.begin(), names.end());
    for (const auto& name : names)
      if (shard.find(name) == nullptr)
        fail(ErrorCode::mismatch, "{}: tensor '{}' should be in {} and is not", index.string(), name,
             shard.path().string());
    for (const auto& tensor : shard.tensors())
      if (wanted.count(tensor.name) != 0) tensors_.add(tensor);
  }
}

}  // namespace gpt

#include "gpt/io/safetensors.h"

#include <algorithm>
#include <array>
#include <set>

#include "gpt/core/error.h"
#include "gpt/io/json.h"
#include "gpt/io/reader.h"
#include "io/safetensors_header.h"

namespace gpt {
namespace {

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

/// Compares the entries of one header with the data that follows it.
struct Layout {
  const BoundedReader& reader;
  std::span<const std::byte> data;
  std::uint64_t data_at;  ///< where the data starts in the file

  template <typename... Args>
  [[noreturn]] void malformed(const HeaderEntry& entry, fmt::format_string<Args...> format, Args&&... args) const {
    reader.malformed(fmt::format("tensor '{}': {}", entry.name, fmt::format(format, std::forward<Args>(args)...)),
                     entry.at);
  }

  StoredTensor tensor(const HeaderEntry& entry) const;
  void check_size(const HeaderEntry& entry, const Dtype& dtype) const;
  void check_order(const std::vector<const HeaderEntry*>& sorted) const;
};

void Layout::check_size(const HeaderEntry& entry, const Dtype& dtype) const {
  std::int64_t bits = dtype.bits;
  bool fits = true;
  for (const auto size : entry.shape) fits = fits && checked_multiply(bits, size, bits);
  if (!fits) malformed(entry, "its shape [{}] has more elements than any file", fmt::join(entry.shape, ", "));
  if (bits % 8 != 0 || static_cast<std::uint64_t>(bits / 8) != entry.end - entry.begin)
    malformed(entry, "shape [{}] of {} takes {} bytes, its data_offsets span {}", fmt::join(entry.shape, ", "),
              dtype.name, bits / 8, entry.end - entry.begin);
}

StoredTensor Layout::tensor(const HeaderEntry& entry) const {
  if (entry.begin > entry.end || entry.end > data.size())
    malformed(entry,
              "its bytes {} to {} are not inside the {} bytes of data that the file has: it is cut short or damaged",
              entry.begin, entry.end, data.size());
  StoredTensor result{entry.name, StoredType::other, entry.shape, data.subspan(entry.begin, entry.end - entry.begin),
                      entry.dtype};
  const auto dtype = std::find_if(dtypes.begin(), dtypes.end(), [&](const Dtype& d) { return d.name == entry.dtype; });
  if (dtype == dtypes.end())
    return result;  // a type newer than this program: its bytes are kept, reading them is refused
  check_size(entry, *dtype);
  result.type = dtype->type;
  return result;
}

void Layout::check_order(const std::vector<const HeaderEntry*>& sorted) const {
  std::uint64_t expected = 0;
  for (const HeaderEntry* entry : sorted) {
    if (entry->begin != expected)
      malformed(*entry, "its data starts at {} and should start at {}: tensors {}", entry->begin, expected,
                entry->begin < expected ? "overlap" : "leave a gap");
    expected = entry->end;
  }
  if (expected != data.size())
    reader.malformed(fmt::format("{} bytes after the last tensor belong to nothing", data.size() - expected),
                     data_at + expected);
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : file_(MappedFile::open(path)) {
  BoundedReader reader(file_->bytes(), file_->path());
  const auto text = reader.string(reader.u64("the length of the header"), "the header");
  const auto data_at = reader.offset();
  const Layout layout{reader, file_->bytes().subspan(data_at), data_at};
  if (text.empty() || text.front() != '{')
    reader.malformed("the header does not start with '{'; no safetensors file", 8);
  auto header = read_safetensors_header(text, 8, reader);
  metadata_ = std::move(header.metadata);
  std::vector<const HeaderEntry*> sorted;
  sorted.reserve(header.entries.size());
  for (const HeaderEntry& entry : header.entries) sorted.push_back(&entry);
  std::stable_sort(sorted.begin(), sorted.end(), [](const HeaderEntry* a, const HeaderEntry* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  tensors_.reserve(sorted.size());
  for (const HeaderEntry* entry : sorted) tensors_.add(layout.tensor(*entry));
  layout.check_order(sorted);
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

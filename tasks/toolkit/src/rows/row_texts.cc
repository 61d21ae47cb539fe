#include "gptask/toolkit/row_texts.h"

#include <cstring>

#include "gpt/io/file_system.h"
#include "gpt/io/mapped_file.h"
#include "rows/temporary_folder.h"

namespace gptask {
namespace {

/// Writes the bytes to a file that is gone by name when this returns, and maps it.
std::shared_ptr<const gpt::MappedFile> spilled(const std::string& bytes) {
  const TemporaryFolder folder(disk_folder());
  const std::filesystem::path path = folder.path() / "texts";
  const auto file = gpt::FileSystem::current().open(path, gpt::OpenMode::create_new);
  file->write(bytes);
  file->close();
  return gpt::MappedFile::open(path);
}

}  // namespace

/// Bytes in blocks: all but the last are on the disk. A place is a block's number and the offset in it.
class RowTexts::Store {
 public:
  explicit Store(std::size_t block_bytes) : block_bytes_(block_bytes) {}

  /// A row: how many texts, then the length of each before its bytes.
  std::uint64_t add(std::span<const std::string> texts) {
    if (latest_.size() >= block_bytes_) {
      blocks_.push_back(spilled(latest_));
      latest_.clear();
    }
    const std::uint64_t place = static_cast<std::uint64_t>(blocks_.size()) << 32U | latest_.size();
    put(texts.size());
    for (const std::string& text : texts) {
      put(text.size());
      latest_ += text;
    }
    return place;
  }

  std::vector<std::string> get(std::uint64_t place) const {
    const std::size_t block = place >> 32U;
    std::string_view bytes = block < blocks_.size() ? blocks_[block]->text() : std::string_view(latest_);
    bytes.remove_prefix(place & 0xFFFF'FFFFU);
    std::vector<std::string> texts(take(bytes));
    for (std::string& text : texts) {
      const std::size_t size = take(bytes);
      text = bytes.substr(0, size);
      bytes.remove_prefix(size);
    }
    return texts;
  }

 private:
  void put(std::size_t number) { latest_.append(reinterpret_cast<const char*>(&number), sizeof(number)); }
  static std::size_t take(std::string_view& bytes) {
    std::size_t number = 0;
    std::memcpy(&number, bytes.data(), sizeof(number));
    bytes.remove_prefix(sizeof(number));
    return number;
  }

  std::size_t block_bytes_;
  std::vector<std::shared_ptr<const gpt::MappedFile>> blocks_;
  std::string latest_;
};

RowTexts::RowTexts(std::size_t most_in_memory) : store_(std::make_shared<Store>(most_in_memory)) {}

void RowTexts::add(std::span<const std::string> texts) { places_.push_back(store_->add(texts)); }

std::vector<std::string> RowTexts::operator[](std::size_t row) const { return store_->get(places_.at(row)); }

RowTexts RowTexts::take(std::span<const std::uint32_t> rows) const {
  RowTexts taken = *this;
  taken.places_.clear();
  for (const std::uint32_t row : rows) taken.places_.push_back(places_.at(row));
  return taken;
}

}  // namespace gptask

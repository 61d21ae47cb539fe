// A whole file, read-only, in memory as the operating system maps it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

namespace gpt {

/// Pages are read when they are first touched. Another program must not shorten the file meanwhile (replacing it, as
/// AtomicFile does, is safe).
class MappedFile {
 public:
  /// Errors: not_found; io (a folder, a device, permission). An empty file is fine.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  std::string_view text() const noexcept { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  explicit MappedFile(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
  std::span<const std::byte> bytes_;
};

}  // namespace gpt

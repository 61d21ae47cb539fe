// A folder for files that only this process needs.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "gpt/io/file_system.h"

namespace gptask {

/// Shared memory where there is any.
inline std::filesystem::path memory_folder() {
  std::error_code ignored;
  return std::filesystem::is_directory("/dev/shm", ignored) ? std::filesystem::path("/dev/shm")
                                                            : std::filesystem::temp_directory_path();
}

/// For what is too large for memory: TMPDIR, else /var/tmp, since /tmp may be memory.
inline std::filesystem::path disk_folder() {
  if (const char* named = std::getenv("TMPDIR"); named != nullptr && *named != '\0') return named;
  std::error_code ignored;
  return std::filesystem::is_directory("/var/tmp", ignored) ? "/var/tmp" : "/tmp";
}

/// A folder of our own below another, removed at the end.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::filesystem::path& parent) {
    std::string name = (parent / "gptask-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      gpt::fail_file("make a temporary folder (TMPDIR names another place)", name, errno);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace gptask

// A folder for files that only this process needs.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "gpt/io/file_system.h"

namespace gptask {

/// A folder of our own below the shared memory or the temporary folder, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code ignored;
    const std::filesystem::path parent = std::filesystem::is_directory("/dev/shm", ignored)
                                             ? std::filesystem::path("/dev/shm")
                                             : std::filesystem::temp_directory_path();
    std::string name = (parent / "gptask-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) gpt::fail_file("make a temporary folder", name, errno);
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

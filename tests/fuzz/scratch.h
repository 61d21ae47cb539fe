// A folder in memory for the files that a fuzzer's input becomes.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace gpt::fuzz {

/// Removed when the fuzzer ends normally.
class Scratch {
 public:
  Scratch() {
    std::string name = "/dev/shm/gptask-fuzz-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::filesystem::path operator/(const char* name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path put(const char* name, const std::uint8_t* data, std::size_t size) const {
    const auto file = path_ / name;
    const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (descriptor < 0 || write(descriptor, data, size) != static_cast<ssize_t>(size)) std::abort();
    close(descriptor);
    return file;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace gpt::fuzz

#include "gpt/io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "gpt/core/error.h"
#include "gpt/io/file_system.h"

namespace gpt {
namespace {

/// Closes a file descriptor at the end of a scope; a mapping stays.
struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  std::shared_ptr<MappedFile> file(new MappedFile(path));
  // O_NONBLOCK: a pipe without a writer must give the error below, not wait.
  const Descriptor descriptor{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (descriptor.value < 0) fail_file("open", path, errno);
  struct ::stat status = {};
  if (::fstat(descriptor.value, &status) != 0) fail_file("examine", path, errno);
  if (S_ISDIR(status.st_mode)) fail_file("read", path, EISDIR);
  if (!S_ISREG(status.st_mode))
    fail(ErrorCode::io, "cannot map {}: it is a pipe or a device; copy its content to a file first", path.string());
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return file;
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor.value, 0);
  if (address == MAP_FAILED) fail_file("map", path, errno);
  file->bytes_ = {static_cast<const std::byte*>(address), size};
  return file;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace gpt

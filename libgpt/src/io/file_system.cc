#include "gpt/io/file_system.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "gpt/core/error.h"

namespace gpt {
namespace {

namespace fs = std::filesystem;

std::string_view advice(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "; the disk is full: free space or choose another folder";
    case EIO:
      return "; the disk reports a fault: check it (dmesg) or choose another folder";
    case EACCES:
    case EPERM:
      return "; check the owner and the permissions";
    case EROFS:
      return "; the file system is read-only: choose another folder";
    case ENOENT:
      return "; check the path";
    case EISDIR:
      return "; a file is needed here, this is a folder";
    case ENOTDIR:
      return "; a part of the path is a file, not a folder";
    case EMFILE:
    case ENFILE:
      return "; too many files are open: raise the limit (ulimit -n)";
    case EXDEV:
      return "; both must be on one disk";
    default:
      return "";
  }
}

class PosixFile : public WritableFile {
 public:
  PosixFile(fs::path path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {
    held_.reserve(capacity);
  }

  ~PosixFile() override {
    try {
      close();
    } catch (const Error&) {  // whoever wants to know calls close()
    }
  }

  void write(const void* bytes, std::size_t size) override {
    const auto* data = static_cast<const char*>(bytes);
    if (held_.size() + size > capacity) flush();
    if (size >= capacity)
      write_through(data, size);
    else
      held_.insert(held_.end(), data, data + size);
  }

  void sync() override {
    flush();
    // Pipes and some devices cannot be synced; what they were given has arrived.
    if (::fsync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) fail_file("sync", path_, errno);
  }

  void close() override {
    if (descriptor_ < 0) return;
    try {
      flush();
    } catch (const Error&) {
      ::close(std::exchange(descriptor_, -1));
      throw;
    }
    if (::close(std::exchange(descriptor_, -1)) != 0) fail_file("close", path_, errno);
  }

 private:
  static constexpr std::size_t capacity = std::size_t{1} << 18;

  void flush() {
    const struct Empty {  // after a failure too: bytes must not be written twice
      std::vector<char>& held;
      ~Empty() { held.clear(); }
    } empty{held_};
    write_through(held_.data(), held_.size());
  }

  void write_through(const char* data, std::size_t size) {
    while (size > 0) {
      const ::ssize_t written = ::write(descriptor_, data, size);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_file("write", path_, errno);
      data += written;
      size -= static_cast<std::size_t>(written);
    }
  }

  fs::path path_;
  int descriptor_;
  std::vector<char> held_;
};

int open_flags(OpenMode mode) {
  switch (mode) {
    case OpenMode::create_new:
      return O_CREAT | O_EXCL;
    case OpenMode::truncate:
      return O_CREAT | O_TRUNC;
    case OpenMode::append:
      return O_CREAT | O_APPEND;
  }
  return 0;
}

class PosixFileSystem : public FileSystem {
 public:
  std::unique_ptr<WritableFile> open(const fs::path& path, OpenMode mode) override {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | open_flags(mode), 0666);
    if (descriptor < 0) fail_file("create", path, errno);
    return std::make_unique<PosixFile>(path, descriptor);
  }

  void rename(const fs::path& from, const fs::path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) fail_file("rename a temporary to", to, errno);
  }

  void exchange(const fs::path& one, const fs::path& other) override {
    if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) return;
    if (errno == EINVAL || errno == ENOSYS || errno == EXDEV)
      fail(ErrorCode::unsupported, "cannot swap {} and {}: {}", one.string(), other.string(), std::strerror(errno));
    fail_file("swap in", other, errno);
  }

  void sync_folder(const fs::path& folder) override {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) fail_file("open the folder", folder, errno);
    const int error = ::fsync(descriptor) == 0 ? 0 : errno;
    ::close(descriptor);
    if (error != 0 && error != EINVAL) fail_file("sync the folder", folder, error);  // EINVAL: some network disks
  }

  void make_folder(const fs::path& folder) override {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) fail_file("make the folder", folder, error.value());
  }

  void remove(const fs::path& path) override {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) fail_file("remove", path, error.value());
  }
};

std::atomic<FileSystem*> installed{nullptr};

}  // namespace

ByteSink::~ByteSink() = default;
FileSystem::~FileSystem() = default;

FileSystem& FileSystem::real() {
  static PosixFileSystem posix;
  return posix;
}

FileSystem& FileSystem::current() {
  FileSystem* other = installed.load();
  return other != nullptr ? *other : real();
}

ScopedFileSystem::ScopedFileSystem(FileSystem& file_system) : previous_(installed.exchange(&file_system)) {}
ScopedFileSystem::~ScopedFileSystem() { installed.store(previous_); }

void fail_file(std::string_view operation, const fs::path& path, int error) {
  const ErrorCode code = error == ENOENT ? ErrorCode::not_found : ErrorCode::io;
  fail(code, "cannot {} {}: {}{}", operation, path.string(), std::generic_category().message(error), advice(error));
}

}  // namespace gpt

// Every file call that writes goes through FileSystem, so that a test can make the Nth of them fail.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>

namespace gpt {

/// Takes bytes in order: a file, or a piece of a folder that is being built.
class ByteSink {
 public:
  virtual ~ByteSink();
  virtual void write(const void* bytes, std::size_t size) = 0;
  void write(std::string_view text) { write(text.data(), text.size()); }
};

/// A file open for writing. Bytes may be held back until sync() or close(). The destructor closes it and drops errors.
class WritableFile : public ByteSink {
 public:
  using ByteSink::write;
  virtual void sync() = 0;   ///< what was written is on the disk when this returns
  virtual void close() = 0;  ///< reports errors; calling it again does nothing
};

enum class OpenMode {
  create_new,  ///< the file must not exist
  truncate,    ///< an old file loses its content
  append,      ///< after the old content
};

/// The calls that change files. All throw Error io (or not_found) naming operation, path and the system's reason.
class FileSystem {
 public:
  virtual ~FileSystem();
  virtual std::unique_ptr<WritableFile> open(const std::filesystem::path& path, OpenMode mode) = 0;
  /// Replaces a file or an empty folder at `to` in one step.
  virtual void rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  /// Swaps two existing paths in one step. Error unsupported where the disk's format cannot.
  virtual void exchange(const std::filesystem::path& one, const std::filesystem::path& other) = 0;
  /// Makes names that were added to or removed from the folder permanent.
  virtual void sync_folder(const std::filesystem::path& folder) = 0;
  /// With parents; an existing folder is fine.
  virtual void make_folder(const std::filesystem::path& folder) = 0;
  /// A file, or a folder with all it holds; nothing there is fine.
  virtual void remove(const std::filesystem::path& path) = 0;

  /// The operating system's.
  static FileSystem& real();
  /// real(), or what the innermost ScopedFileSystem installed.
  static FileSystem& current();
};

/// Installs another file system for the whole process until the end of the scope. For tests.
class ScopedFileSystem {
 public:
  explicit ScopedFileSystem(FileSystem& file_system);
  ~ScopedFileSystem();
  ScopedFileSystem(const ScopedFileSystem&) = delete;
  ScopedFileSystem& operator=(const ScopedFileSystem&) = delete;

 private:
  FileSystem* previous_;
};

/// Throws what a failed call of the operating system means: operation, path, strerror(error) and advice.
[[noreturn]] void fail_file(std::string_view operation, const std::filesystem::path& path, int error);

}  // namespace gpt

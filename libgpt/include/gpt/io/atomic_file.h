// Whatever is written is complete or absent: a temporary beside the target, fsync, rename, fsync of the folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "gpt/io/file_system.h"

namespace gpt {

/// A file that takes its name when it is complete. Until commit() the old file, if any, stays as it was. A link is
/// followed; a target that is no regular file (a pipe, /dev/stdout) is written directly.
class AtomicFile : public ByteSink {
 public:
  /// Error not_found if the target's folder does not exist.
  explicit AtomicFile(const std::filesystem::path& target);
  /// Without commit() nothing remains.
  ~AtomicFile() override;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  using ByteSink::write;
  void write(const void* bytes, std::size_t size) override;
  /// Once. After an error of the last step, syncing the folder, the new file is in place but may not survive a power
  /// cut.
  void commit();

 private:
  FileSystem& file_system_;
  std::filesystem::path target_;
  std::filesystem::path temporary_;  ///< empty if the target is written directly
  std::unique_ptr<WritableFile> file_;
};

void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// A folder that takes its name when all its files are complete and its manifest.json ({file: {size, xxh3}}) is
/// written. An old folder of that name is swapped out and removed by commit(), and stays as it was without it.
class AtomicFolder {
 public:
  /// Makes a temporary folder beside the target. Missing parents are made.
  explicit AtomicFolder(const std::filesystem::path& target);
  /// Without commit() nothing remains.
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  /// One file of the folder, hashed while it is written. finish() before commit(); must not outlive the folder.
  class File : public ByteSink {
   public:
    ~File() override;
    using ByteSink::write;
    void write(const void* bytes, std::size_t size) override;
    void finish();

   private:
    friend class AtomicFolder;
    File(AtomicFolder& folder, std::string name);
    struct State;
    std::unique_ptr<State> state_;
  };

  /// `name` is relative and may name subfolders ("adapter/config.json"), which are made.
  std::unique_ptr<File> create(const std::string& name);
  void write_file(const std::string& name, std::string_view content);
  void copy_file(const std::string& name, const std::filesystem::path& source);
  /// Once. After an error of a last step (syncing the parent, removing the old folder) the new folder is in place.
  void commit();

  /// Where the files are until commit().
  const std::filesystem::path& temporary() const noexcept { return temporary_; }

 private:
  struct Entry {
    std::uint64_t size;
    std::string hash;
  };
  void write_manifest();
  void take_name();

  FileSystem& file_system_;
  std::filesystem::path target_;
  std::filesystem::path temporary_;  ///< empty after commit
  std::map<std::string, Entry> finished_;
  std::set<std::string> started_;
  std::set<std::filesystem::path> folders_;
};

/// What verify_folder found. `problem` is empty when complete, else a sentence that names the file.
struct FolderCheck {
  bool complete = false;
  std::string problem;
};

/// Whether the folder holds a manifest and every file in it with the recorded size and hash. Files that the manifest
/// does not name are ignored. Reads every byte; throws only if the operating system refuses to read.
FolderCheck verify_folder(const std::filesystem::path& folder);

}  // namespace gpt

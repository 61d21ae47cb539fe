// A file system whose Nth call fails, as a full or broken disk would.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "gpt/core/error.h"
#include "gpt/io/file_system.h"

namespace gpt::test {

class FailingFileSystem : public FileSystem {
 public:
  /// The call `fail_at` (from 1; 0: none) fails with `error` (ENOSPC, EIO). With `dead`, so do all after it: the power
  /// is gone.
  FailingFileSystem(int fail_at, int error, bool dead = false) : fail_at_(fail_at), error_(error), dead_(dead) {}

  int calls() const { return calls_; }

  std::unique_ptr<WritableFile> open(const std::filesystem::path& path, OpenMode mode) override {
    step("create", path);
    return std::make_unique<File>(*this, path, real().open(path, mode));
  }
  void rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    step("rename", to);
    real().rename(from, to);
  }
  void exchange(const std::filesystem::path& one, const std::filesystem::path& other) override {
    step("swap in", other);
    if (no_exchange) throw Error(ErrorCode::unsupported, "this disk cannot swap");
    real().exchange(one, other);
  }
  void sync_folder(const std::filesystem::path& folder) override {
    step("sync the folder", folder);
    real().sync_folder(folder);
  }
  void make_folder(const std::filesystem::path& folder) override {
    step("make the folder", folder);
    real().make_folder(folder);
  }
  void remove(const std::filesystem::path& path) override {
    step("remove", path);
    real().remove(path);
  }

  bool no_exchange = false;  ///< act as a disk that cannot swap two names

 private:
  struct File : WritableFile {
    File(FailingFileSystem& owner, std::filesystem::path path, std::unique_ptr<WritableFile> file)
        : owner(owner), path(std::move(path)), file(std::move(file)) {}
    void write(const void* bytes, std::size_t size) override {
      if (owner.next_fails()) file->write(bytes, size / 2);  // a full disk takes a part
      owner.step("write", path);
      file->write(bytes, size);
    }
    void sync() override {
      owner.step("sync", path);
      file->sync();
    }
    void close() override {
      owner.step("close", path);
      file->close();
    }
    FailingFileSystem& owner;
    std::filesystem::path path;
    std::unique_ptr<WritableFile> file;
  };

  bool next_fails() const { return calls_ + 1 == fail_at_; }
  void step(const char* operation, const std::filesystem::path& path) {
    ++calls_;
    if (calls_ == fail_at_ || (dead_ && fail_at_ > 0 && calls_ > fail_at_)) fail_file(operation, path, error_);
  }

  int fail_at_;
  int error_;
  bool dead_;
  int calls_ = 0;
};

}  // namespace gpt::test

#include "gpt/io/atomic_file.h"

#include <cerrno>

#include "gpt/core/error.h"
#include "io/temporary_name.h"

namespace gpt {

namespace fs = std::filesystem;

AtomicFile::AtomicFile(const fs::path& target) : file_system_(FileSystem::current()), target_(target) {
  std::error_code ignored;
  if (fs::is_symlink(target, ignored)) target_ = fs::weakly_canonical(target);
  const auto status = fs::status(target_, ignored);
  if (fs::is_directory(status)) fail_file("write", target_, EISDIR);
  const bool direct = fs::exists(status) && !fs::is_regular_file(status);
  if (!direct) temporary_ = temporary_beside(target_);
  file_ = direct ? file_system_.open(target_, OpenMode::append) : file_system_.open(temporary_, OpenMode::create_new);
}

AtomicFile::~AtomicFile() {
  if (temporary_.empty()) return;
  file_.reset();
  try {
    file_system_.remove(temporary_);
  } catch (const Error&) {  // the error that led here is the one to report
  }
}

void AtomicFile::write(const void* bytes, std::size_t size) { file_->write(bytes, size); }

void AtomicFile::commit() {
  file_->sync();
  file_->close();
  if (temporary_.empty()) return;
  file_system_.rename(temporary_, target_);
  temporary_.clear();
  file_system_.sync_folder(folder_of(target_));
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

}  // namespace gpt

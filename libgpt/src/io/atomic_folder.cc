#include <fmt/format.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "gpt/core/error.h"
#include "gpt/core/hash.h"
#include "gpt/io/atomic_file.h"
#include "gpt/io/json.h"
#include "gpt/io/mapped_file.h"
#include "io/temporary_name.h"

namespace gpt {
namespace {

namespace fs = std::filesystem;

constexpr const char* manifest_name = "manifest.json";

/// Whether a name stays inside its folder.
bool inside(const fs::path& name) {
  if (name.empty() || name.is_absolute() || !name.has_filename()) return false;
  for (const auto& part : name)
    if (part == ".." || part == ".") return false;
  return true;
}

}  // namespace

struct AtomicFolder::File::State {
  AtomicFolder& folder;
  std::string name;
  std::unique_ptr<WritableFile> file;
  Hasher hasher;
  std::uint64_t size;
};

AtomicFolder::File::File(AtomicFolder& folder, std::string name)
    : state_(new State{folder, std::move(name), nullptr, Hasher(), 0}) {
  state_->file = folder.file_system_.open(folder.temporary_ / state_->name, OpenMode::create_new);
}

AtomicFolder::File::~File() = default;

void AtomicFolder::File::write(const void* bytes, std::size_t size) {
  state_->file->write(bytes, size);
  state_->hasher.update(bytes, size);
  state_->size += size;
}

void AtomicFolder::File::finish() {
  state_->file->sync();
  state_->file->close();
  state_->folder.finished_[state_->name] = {state_->size, state_->hasher.digest()};
}

AtomicFolder::AtomicFolder(const fs::path& target)
    : file_system_(FileSystem::current()), target_(target.has_filename() ? target : target.parent_path()) {
  std::error_code ignored;
  if (fs::is_symlink(target_, ignored)) target_ = fs::weakly_canonical(target_);
  const auto status = fs::status(target_, ignored);
  if (fs::exists(status) && !fs::is_directory(status)) fail_file("make the folder", target_, EEXIST);
  file_system_.make_folder(folder_of(target_));
  temporary_ = temporary_beside(target_);
  file_system_.make_folder(temporary_);
}

AtomicFolder::~AtomicFolder() {
  if (temporary_.empty()) return;
  try {
    file_system_.remove(temporary_);
  } catch (const Error&) {  // the error that led here is the one to report
  }
}

std::unique_ptr<AtomicFolder::File> AtomicFolder::create(const std::string& name) {
  if (!inside(name) || name == manifest_name)
    fail(ErrorCode::invalid_option, "{}: '{}' is no name for a file inside the folder", target_.string(), name);
  if (!started_.insert(name).second)
    fail(ErrorCode::invalid_option, "{}: '{}' is written twice", target_.string(), name);
  for (fs::path parent = fs::path(name).parent_path(); !parent.empty(); parent = parent.parent_path())
    if (folders_.insert(parent).second) file_system_.make_folder(temporary_ / parent);
  return std::unique_ptr<File>(new File(*this, name));
}

void AtomicFolder::write_file(const std::string& name, std::string_view content) {
  const auto file = create(name);
  file->write(content);
  file->finish();
}

void AtomicFolder::copy_file(const std::string& name, const fs::path& source) {
  write_file(name, MappedFile::open(source)->text());
}

void AtomicFolder::commit() {
  for (const auto& name : started_)
    if (finished_.count(name) == 0)
      fail(ErrorCode::mismatch, "{}: '{}' was started and not finished: call finish() first", target_.string(), name);
  write_manifest();
  for (const auto& folder : folders_) file_system_.sync_folder(temporary_ / folder);
  file_system_.sync_folder(temporary_);
  take_name();
}

void AtomicFolder::write_manifest() {
  auto manifest = nlohmann::json::object();
  for (const auto& [name, entry] : finished_) manifest[name] = {{"size", entry.size}, {"xxh3", entry.hash}};
  const auto file = file_system_.open(temporary_ / manifest_name, OpenMode::create_new);
  file->write(json_text(manifest));
  file->sync();
  file->close();
}

void AtomicFolder::take_name() {
  const fs::path parent = folder_of(target_);
  if (!fs::exists(target_)) {
    file_system_.rename(temporary_, target_);
    temporary_.clear();
    file_system_.sync_folder(parent);
    return;
  }
  fs::path old = temporary_;
  try {
    file_system_.exchange(temporary_, target_);
    temporary_.clear();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported) throw;
    // Without a swap there is a moment when neither has the name; the old folder is then beside it.
    old = temporary_beside(target_);
    file_system_.rename(target_, old);
    try {
      file_system_.rename(temporary_, target_);
    } catch (const Error&) {
      file_system_.rename(old, target_);
      throw;
    }
    temporary_.clear();
  }
  file_system_.sync_folder(parent);
  file_system_.remove(old);
}

namespace {

/// Empty, or what is wrong with one file.
std::string problem_of(const fs::path& folder, const std::string& name, const nlohmann::json& entry) {
  if (!inside(name)) return fmt::format("{}: manifest.json names '{}', outside the folder", folder.string(), name);
  const auto size = entry.find("size");
  const auto digest = entry.find("xxh3");
  if (!entry.is_object() || size == entry.end() || !size->is_number_unsigned() || digest == entry.end() ||
      !digest->is_string())
    return fmt::format("{}: manifest.json has no size and xxh3 for '{}'", folder.string(), name);
  const fs::path path = folder / name;
  if (!fs::is_regular_file(path)) return fmt::format("{} is missing", path.string());
  const auto file = MappedFile::open(path);
  if (file->bytes().size() != size->get<std::uint64_t>())
    return fmt::format("{} has {} bytes, its manifest says {}", path.string(), file->bytes().size(),
                       size->get<std::uint64_t>());
  if (const auto found = hash(file->text()); found != digest->get<std::string>())
    return fmt::format("{} has changed since it was written (hash {}, its manifest says {})", path.string(), found,
                       digest->get<std::string>());
  return {};
}

}  // namespace

FolderCheck verify_folder(const fs::path& folder) {
  const fs::path path = folder / manifest_name;
  if (!fs::is_directory(folder)) return {false, fmt::format("{} is not a folder", folder.string())};
  if (!fs::exists(path)) return {false, fmt::format("{} is missing: the folder was not completed", path.string())};
  nlohmann::json manifest;
  try {
    manifest = read_json_file(path);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::malformed) throw;
    return {false, error.what()};
  }
  if (!manifest.is_object()) return {false, fmt::format("{} is not an object of files", path.string())};
  for (const auto& [name, entry] : manifest.items())
    if (auto problem = problem_of(folder, name, entry); !problem.empty()) return {false, std::move(problem)};
  return {true, {}};
}

}  // namespace gpt

#include "io/temporary_name.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>

namespace gpt {

std::filesystem::path temporary_beside(const std::filesystem::path& target) {
  static std::atomic<unsigned> counter{0};
  const std::string base = target.filename().string().substr(0, 200);  // a name has at most 255 bytes
  std::filesystem::path name;
  do {  // an earlier process of this number may have been killed and left its own
    name = folder_of(target) / fmt::format(".{}.{}-{}.tmp", base, ::getpid(), counter++);
  } while (std::filesystem::exists(std::filesystem::symlink_status(name)));
  return name;
}

std::filesystem::path folder_of(const std::filesystem::path& target) {
  return target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
}

}  // namespace gpt

// The plugins that the tests load.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "support/temporary_folder.h"

namespace gpt::test {

inline std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(GPTASK_FIXTURES) / ("fixture_" + name + ".so");
}

/// Writes a file into the folder; its path.
inline std::filesystem::path write(const TemporaryFolder& folder, const std::string& name, std::string_view bytes) {
  put(folder / name, bytes);
  return folder / name;
}

}  // namespace gpt::test

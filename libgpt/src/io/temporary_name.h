// Names for files and folders that are not complete yet.
#pragma once

#include <filesystem>

namespace gpt {

/// A name beside the target that nothing else uses: .NAME.PROCESS-NUMBER.tmp, hidden, so that no reader takes it for a
/// result.
std::filesystem::path temporary_beside(const std::filesystem::path& target);

/// Its folder, "." for a bare name.
std::filesystem::path folder_of(const std::filesystem::path& target);

}  // namespace gpt

// Text files, plain or compressed with gzip or zstd.
#pragma once

#include <filesystem>
#include <istream>
#include <memory>

namespace gpt {

/// A stream of the file's text, decompressed while it is read; what the first bytes are decides (a file named .gz or
/// .zst must be what its name says). Several compressed pieces in a row read as one text. A pipe is taken as plain
/// text. Not seekable. Errors: not_found, io; reading throws Error malformed when the compressed data is damaged or cut
/// short.
std::unique_ptr<std::istream> open_text(const std::filesystem::path& path);

}  // namespace gpt

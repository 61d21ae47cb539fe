// Texts and token ids from files and flags.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gptask::app {

/// The whole text of a file, decompressed, or of standard input where `file` is "-". Errors: not_found, io; malformed
/// where it is no UTF-8 or holds a NUL byte.
std::string read_text(const std::string& file);

/// Token ids separated by white space or commas, or as a JSON list. Error malformed names `where` and what is no id.
std::vector<std::int32_t> parse_ids(std::string_view text, std::string_view where);

}  // namespace gptask::app

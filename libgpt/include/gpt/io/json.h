// JSON files: read with a depth limit and errors that say where, written atomically.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

namespace gpt {

/// JSON says that names in an object should be unique; most readers take the last. Where a second one would be an
/// attack or a slip that changes a model: refuse.
enum class DuplicateKeys { last_wins, refuse };

/// `where` (a path, or "header of x.safetensors") opens every message. Errors: malformed with line, column and byte;
/// nesting deeper than 100 and lists of more than 2^20 values are malformed too. A text that is a part of a file begins
/// in its line `first_line`.
nlohmann::json parse_json(std::string_view text, std::string_view where,
                          DuplicateKeys duplicates = DuplicateKeys::last_wins, std::uint64_t first_line = 1);

/// The same as a stream of events, for files too large to hold as a tree: lists may have any length. `events` may
/// throw; its parse_error is not called.
class JsonEvents : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool parse_error(std::size_t byte, const std::string& last_token, const nlohmann::json::exception& error) final;
};
void parse_json(std::string_view text, std::string_view where, JsonEvents& events);

/// Errors: not_found, io, malformed.
nlohmann::json read_json_file(const std::filesystem::path& path, DuplicateKeys duplicates = DuplicateKeys::last_wins);

/// The text that write_json_file writes: two spaces of indentation, a newline at the end, bytes that are not UTF-8
/// replaced by U+FFFD, numbers that are not finite as null.
std::string json_text(const nlohmann::json& value);
void write_json_file(const std::filesystem::path& path, const nlohmann::json& value);

}  // namespace gpt

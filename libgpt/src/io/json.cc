#include "gpt/io/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "gpt/core/error.h"
#include "gpt/io/atomic_file.h"
#include "gpt/io/mapped_file.h"
#include "io/json_position.h"

namespace gpt {
namespace {

using nlohmann::json;

constexpr int depth_limit = 100;
constexpr std::size_t most_values = 1 << 20;  // of one list or object of a tree

/// A text and what messages say of it.
struct Source {
  std::string_view text, where;
  std::uint64_t first_line = 1;
};

[[noreturn]] void malformed(const Source& source, std::size_t byte, std::string_view reason) {
  const auto before = source.text.substr(0, std::min(byte, source.text.size()));
  const auto line = source.first_line + static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n'));
  const auto line_start = before.rfind('\n');
  const auto column = before.size() - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1;
  fail(ErrorCode::malformed, "{}: line {}, column {} (byte {}): {}", source.where, line, column, byte, reason);
}

/// Before anything is built: brackets nest no deeper than the limit, no list is so long that its values would take
/// many times the text, and nothing follows the value.
void check_structure(const Source& source, std::size_t most) {
  const std::string_view text = source.text;
  int depth = 0;
  bool in_string = false;
  std::array<std::size_t, depth_limit + 1> commas{};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > depth_limit) malformed(source, i, fmt::format("nested deeper than {} levels", depth_limit));
      commas[static_cast<std::size_t>(depth)] = 0;
    } else if (c == ']' || c == '}') {
      if (--depth < 0) return;  // the parser says where
      if (depth > 0) continue;
      const std::size_t after = text.find_first_not_of(" \t\r\n", i + 1);
      if (after != std::string_view::npos) malformed(source, after, "something follows the end of the value");
      return;
    } else if (c == ',' && ++commas[static_cast<std::size_t>(depth)] >= most) {
      malformed(source, i, fmt::format("a list of more than {} values", most));
    }
  }
}

/// nlohmann's message without its own prefix "[json.exception...] parse error at line 1, column 5: ".
std::string reason_of(const json::exception& error) {
  const std::string text = error.what();
  const auto at = text.find("column ");
  const auto colon = text.find(": ", at == std::string::npos ? 0 : at);
  if (colon != std::string::npos) return text.substr(colon + 2);
  const auto bracket = text.find("] ");
  return bracket == std::string::npos ? text : text.substr(bracket + 2);
}

json parse(const Source& source, DuplicateKeys duplicates) {
  const std::string_view text = source.text;
  if (duplicates == DuplicateKeys::last_wins) return json::parse(text);
  std::vector<std::set<std::string>> open;  // the names of each object that is not closed yet
  const char* reached = text.data();
  const JsonPosition first(text.data(), &reached), last(text.data() + text.size(), &reached);
  return json::parse(first, last, [&](int, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start) open.emplace_back();
    if (event == json::parse_event_t::object_end) open.pop_back();
    if (event == json::parse_event_t::key && !open.back().insert(value.get<std::string>()).second)
      malformed(source, static_cast<std::size_t>(reached - text.data()),
                fmt::format("the name '{}' occurs twice in one object", value.get<std::string>()));
    return true;
  });
}

/// Runs a parser; its errors say the place in the text.
template <typename Parse>
auto with_place(const Source& source, Parse run) {
  try {
    return run();
  } catch (const json::parse_error& error) {
    malformed(source, error.byte > 0 ? error.byte - 1 : 0, reason_of(error));
  } catch (const json::exception& error) {
    fail(ErrorCode::malformed, "{}: {}", source.where, reason_of(error));
  }
}

}  // namespace

json parse_json(std::string_view text, std::string_view where, DuplicateKeys duplicates, std::uint64_t first_line) {
  const Source source{text, where, first_line};
  check_structure(source, most_values);
  return with_place(source, [&] { return parse(source, duplicates); });
}

bool JsonEvents::parse_error(std::size_t, const std::string&, const json::exception& error) {
  if (const auto* parse_error = dynamic_cast<const json::parse_error*>(&error)) throw *parse_error;
  throw json::out_of_range(dynamic_cast<const json::out_of_range&>(error));
}

void parse_json(std::string_view text, std::string_view where, JsonEvents& events) {
  const Source source{text, where};
  check_structure(source, text.size());
  with_place(source, [&] { return json::sax_parse(text, &events); });
}

json read_json_file(const std::filesystem::path& path, DuplicateKeys duplicates) {
  const auto file = MappedFile::open(path);
  return parse_json(file->text(), path.string(), duplicates);
}

std::string json_text(const json& value) { return value.dump(2, ' ', false, json::error_handler_t::replace) + '\n'; }

void write_json_file(const std::filesystem::path& path, const json& value) {
  write_file_atomically(path, json_text(value));
}

}  // namespace gpt

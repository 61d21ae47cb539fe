#include "text/files.h"

#include <fstream>
#include <sstream>

#include "gpt/core/error.h"

namespace gpt::text {

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(ErrorCode::not_found, "{}: cannot be opened", path.string());
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

nlohmann::json parse_json(std::string_view text, std::string_view where) {
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    fail(ErrorCode::malformed, "{}: {}", where, error.what());
  }
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
}

}  // namespace gpt::text

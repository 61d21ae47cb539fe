#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace gpt::text {

std::string read_text(const std::filesystem::path& path);
nlohmann::json parse_json(std::string_view text, std::string_view where);
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace gpt::text

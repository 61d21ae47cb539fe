#include "result_output.h"

#include <fmt/format.h>

#include <algorithm>

namespace gptask::app {
namespace {

std::string shown(const nlohmann::ordered_json& value) {
  if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

void print_json(const nlohmann::ordered_json& value) {
  fmt::print("{}\n", value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void print_values(const std::string& heading, const nlohmann::ordered_json& values) {
  std::size_t width = 0;
  for (const auto& [name, value] : values.items()) width = std::max(width, name.size());
  fmt::print("{}\n", heading);
  for (const auto& [name, value] : values.items()) fmt::print("  {:<{}}  {}\n", name, width, shown(value));
}

}  // namespace gptask::app

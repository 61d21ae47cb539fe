// Results on standard output.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace gptask::app {

/// One line of JSON.
void print_json(const nlohmann::ordered_json& value);

/// A heading and "  name  value" lines.
void print_values(const std::string& heading, const nlohmann::ordered_json& values);

}  // namespace gptask::app

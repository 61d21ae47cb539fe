// gptask benchmark's figures as text.
#pragma once

#include <nlohmann/json.hpp>

namespace gptask::app {

void print_benchmark(const nlohmann::ordered_json& output);

}  // namespace gptask::app

// Reading the files of cases that metrics are compared with.
#pragma once

#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gpt/io/compressed_file.h"
#include "support/catch.h"

namespace gpt::test {

inline std::string text_of(const std::filesystem::path& path) {
  const auto stream = open_text(path);
  return {std::istreambuf_iterator<char>(*stream), {}};
}

inline nlohmann::json json_of(const std::filesystem::path& path) { return nlohmann::json::parse(text_of(path)); }

/// The lines without their ends.
inline std::vector<std::string> lines_of(const std::filesystem::path& path) {
  const auto stream = open_text(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(*stream, line);) lines.push_back(line);
  return lines;
}

inline void check_near(double value, const nlohmann::json& expected) {
  CHECK(value == Approx(expected.get<double>()).margin(1e-6).epsilon(0));
}

/// sacrebleu's [reference][segment] as [segment][reference].
inline std::vector<std::vector<std::string>> by_segment(const nlohmann::json& references) {
  std::vector<std::vector<std::string>> segments(references.at(0).size());
  for (const auto& one : references)
    for (std::size_t i = 0; i < segments.size(); ++i) segments[i].push_back(one.at(i));
  return segments;
}

}  // namespace gpt::test

// Where tests find what lies outside the repo: ../shared/reference and ../shared/data, or the folders that
// GPTASK_REFERENCE_DIR and GPTASK_DATA_DIR name; and the cache with downloaded weights.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace gpt::test {

inline std::optional<std::filesystem::path> folder(const char* variable, const char* in_shared) {
  if (const char* named = std::getenv(variable)) return std::filesystem::path(named);
  const std::filesystem::path shared = std::filesystem::path(GPTASK_SOURCE_DIR).parent_path() / "shared" / in_shared;
  if (std::filesystem::exists(shared)) return shared;
  return std::nullopt;
}

inline std::optional<std::filesystem::path> reference() { return folder("GPTASK_REFERENCE_DIR", "reference"); }
inline std::optional<std::filesystem::path> data() { return folder("GPTASK_DATA_DIR", "data"); }

/// ${GPTASK_CACHE}, or ${XDG_CACHE_HOME:-~/.cache}/gptask.
inline std::filesystem::path cache() {
  if (const char* named = std::getenv("GPTASK_CACHE")) return named;
  if (const char* xdg = std::getenv("XDG_CACHE_HOME")) return std::filesystem::path(xdg) / "gptask";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home != nullptr ? home : ".") / ".cache" / "gptask";
}

/// The SmolLM2 weights, where the cache holds them.
inline std::optional<std::filesystem::path> smollm2() {
  const auto file = cache() / "SmolLM2-135M-Instruct.Q4_1.gguf";
  if (std::filesystem::exists(file)) return file;
  return std::nullopt;
}

}  // namespace gpt::test

#define GPT_NEED(name, expression)                                                    \
  const auto name##_found = (expression);                                             \
  if (!name##_found) GPT_SKIP("needs " #expression ", which is not on this machine"); \
  const std::filesystem::path name = *name##_found

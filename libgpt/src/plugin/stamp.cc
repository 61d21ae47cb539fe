#include "gpt/plugin/stamp.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/io/mapped_file.h"
#include "plugin/elf.h"

namespace gpt {
namespace {

constexpr std::uint32_t kStampNote = 1;

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// "0.1" of "0.1.3".
std::string_view series(std::string_view version) { return version.substr(0, version.rfind('.')); }

bool agree(std::string_view field, std::string_view found, std::string_view needed) {
  return field == "gptask" ? series(found) == series(needed) : found == needed;
}

}  // namespace

BuildStamp BuildStamp::parse(std::string_view text) {
  BuildStamp stamp;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t equals = line.find('=');
    if (equals == 0 || equals == std::string_view::npos || !printable(line))
      fail(ErrorCode::plugin, "line {} of the build stamp is not NAME=VALUE", stamp.fields_.size() + 1);
    stamp.fields_.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  return stamp;
}

const BuildStamp& BuildStamp::own() {
  static const BuildStamp stamp = parse(GPT_BUILD_STAMP("\n"));
  return stamp;
}

std::string_view BuildStamp::field(std::string_view name) const noexcept {
  for (const auto& [field, value] : fields_)
    if (field == name) return value;
  return {};
}

std::vector<StampDifference> compare_stamps(const BuildStamp& plugin, const BuildStamp& needed) {
  std::vector<StampDifference> differences;
  for (const auto& [field, value] : needed.fields()) {
    const std::string_view found = plugin.field(field);
    if (!agree(field, found, value)) differences.push_back({field, std::string(found), value});
  }
  for (const auto& [field, value] : plugin.fields())
    if (needed.field(field).empty()) differences.push_back({field, value, ""});
  return differences;
}

BuildStamp read_build_stamp(const std::filesystem::path& file) {
  const auto mapped = MappedFile::open(file);
  const std::string_view text = find_elf_note(mapped->bytes(), file, "gptask", kStampNote);
  try {
    return BuildStamp::parse(text);
  } catch (const Error& error) {
    fail(ErrorCode::plugin, "{}: {}; build it again with gptask_add_plugin", file.string(), error.what());
  }
}

}  // namespace gpt

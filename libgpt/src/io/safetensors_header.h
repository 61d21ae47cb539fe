// The JSON header of a safetensors file, entry by entry, without building a document in memory.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/io/reader.h"
#include "gpt/io/safetensors.h"

namespace gpt {

/// What the header says of one tensor, not compared with the data yet.
struct HeaderEntry {
  std::string name, dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;  ///< data_offsets
  std::uint64_t at = 0;              ///< where its name stands in the file, for messages
};

struct SafetensorsHeader {
  std::deque<HeaderEntry> entries;  ///< in the order of the file
  SafetensorsMetadata metadata;
};

/// `text` starts at byte `start` of the file. Errors: malformed with the byte, for JSON that is none, a name that
/// occurs twice, and entries that are not as the format has them.
SafetensorsHeader read_safetensors_header(std::string_view text, std::uint64_t start, const BoundedReader& reader);

}  // namespace gpt

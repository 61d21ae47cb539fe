#include "gpt/io/reader.h"

#include <fmt/format.h>

#include "gpt/core/error.h"

namespace gpt {

std::span<const std::byte> BoundedReader::bytes(std::uint64_t size, std::string_view field) {
  if (size > remaining())
    malformed(fmt::format("{} takes {} bytes and only {} are left: the file is cut short or damaged", field, size,
                          remaining()),
              offset_);
  const auto result = bytes_.subspan(offset_, size);
  offset_ += size;
  return result;
}

std::string_view BoundedReader::string(std::uint64_t size, std::string_view field) {
  const auto raw = bytes(size, field);
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

void BoundedReader::malformed(std::string_view message, std::uint64_t at) const {
  fail(ErrorCode::malformed, "{}: {} (at byte {})", file_->string(), message, at);
}

}  // namespace gpt

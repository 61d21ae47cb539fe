#include "text_file.h"

#include <cstring>
#include <string_view>

#include "gpt/core/error.h"
#include "gpt/io/compressed_file.h"

namespace gptask {

TextFile::TextFile(const std::filesystem::path& path)
    : name_(path.string()), stream_(gpt::open_text(path)), buffer_(std::size_t{1} << 16) {
  if (!fill()) gpt::fail(gpt::ErrorCode::malformed, "{} is empty; a data file needs at least one row", name_);
  if (starts_with("\xFF\xFE") || starts_with("\xFE\xFF"))
    gpt::fail(gpt::ErrorCode::malformed,
              "{} starts with a UTF-16 byte order mark; only UTF-8 is read (iconv -f UTF-16 -t UTF-8 converts)", name_);
  if (starts_with("\xEF\xBB\xBF")) position_ = 3;
}

bool TextFile::starts_with(std::string_view text) const {
  return std::string_view(buffer_.data() + position_, size_ - position_).starts_with(text);
}

bool TextFile::fill() {
  // Straight from the buffer of the stream: its errors arrive as the exceptions they are.
  position_ = 0;
  size_ =
      static_cast<std::size_t>(stream_->rdbuf()->sgetn(buffer_.data(), static_cast<std::streamsize>(buffer_.size())));
  return size_ > 0;
}

bool TextFile::line(std::string& text) {
  text.clear();
  if (peek() == end) return false;
  while (peek() != end) {
    const char* from = buffer_.data() + position_;
    const void* found = std::memchr(from, '\n', size_ - position_);
    const std::size_t length =
        found ? static_cast<std::size_t>(static_cast<const char*>(found) - from) : size_ - position_;
    text.append(from, length);
    position_ += length;
    if (found) {
      get();
      break;
    }
  }
  if (text.ends_with('\r')) text.pop_back();
  return true;
}

}  // namespace gptask

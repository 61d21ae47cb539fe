#include "gpt/io/compressed_file.h"

#include <array>
#include <boost/iostreams/device/file.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <string>
#include <string_view>

#include "gpt/core/error.h"
#include "gpt/io/mapped_file.h"
#include "io/zstd_source.h"

namespace gpt {
namespace {

namespace fs = std::filesystem;
namespace io = boost::iostreams;

enum class Compression { none, gzip, zstd };

std::string_view compression_name(Compression compression) {
  return compression == Compression::gzip ? "gzip" : compression == Compression::zstd ? "zstd" : "plain";
}

/// A pipe (a shell's <(...), /dev/stdin) can be read only once and is taken as plain text.
Compression compression_of(const fs::path& path) {
  const auto status = fs::status(path);
  if (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status)) return Compression::none;
  const std::string start(MappedFile::open(path)->text().substr(0, 4));
  if (start.starts_with("\x1f\x8b")) return Compression::gzip;
  if (start == "\x28\xb5\x2f\xfd") return Compression::zstd;
  if (path.extension() == ".gz" || path.extension() == ".zst")
    fail(ErrorCode::malformed, "{}: its name says {}, its content is not; rename it or fetch it again", path.string(),
         path.extension().string());
  return Compression::none;
}

/// Passes a buffer on and turns what it throws into an Error that names the file.
class CheckedBuffer : public std::streambuf {
 public:
  explicit CheckedBuffer(const fs::path& path) : path_(path), compression_(compression_of(path)) {
    if (compression_ == Compression::gzip) source_.push(io::gzip_decompressor());
    if (compression_ == Compression::zstd)
      source_.push(ZstdSource(path));
    else
      source_.push(io::file_source(path.string(), std::ios::binary));
  }

 protected:
  int_type underflow() override {
    const auto size = fill();
    passed_ += static_cast<std::uint64_t>(size);
    setg(buffer_.data(), buffer_.data(), buffer_.data() + size);
    return size > 0 ? traits_type::to_int_type(buffer_[0]) : traits_type::eof();
  }

 private:
  std::streamsize fill() {
    try {
      return source_.sgetn(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      if (compression_ == Compression::none) fail(ErrorCode::io, "cannot read {}: {}", path_.string(), error.what());
      fail(ErrorCode::malformed,
           "{}: the {} data is damaged or cut short after {} bytes of text ({}); fetch the file again", path_.string(),
           compression_name(compression_), passed_, error.what());
    }
  }

  fs::path path_;
  Compression compression_;
  io::filtering_streambuf<io::input> source_;
  std::array<char, 1 << 16> buffer_;
  std::uint64_t passed_ = 0;
};

class CheckedStream : public std::istream {
 public:
  explicit CheckedStream(const fs::path& path) : std::istream(nullptr), checked_(path) {
    rdbuf(&checked_);
    exceptions(std::ios::badbit);  // what the buffer throws reaches the caller
  }

 private:
  CheckedBuffer checked_;
};

}  // namespace

std::unique_ptr<std::istream> open_text(const fs::path& path) { return std::make_unique<CheckedStream>(path); }

}  // namespace gpt

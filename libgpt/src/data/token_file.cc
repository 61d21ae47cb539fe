#include "gpt/data/token_file.h"

#include <array>
#include <cstring>

#include "gpt/core/error.h"
#include "gpt/core/hash.h"

namespace gpt {
namespace {

constexpr std::array<char, 8> kMagic{'g', 'p', 't', 't', 'o', 'k', 's', '1'};
constexpr std::int64_t kNarrow = 1 << 16;
constexpr std::size_t kBuffer = 1 << 20;
constexpr std::size_t kHash = 32;

/// The last bytes of the file.
struct Footer {
  std::array<char, kHash> tokenizer_hash{};
  std::uint64_t tokens = 0, documents = 0, text_bytes = 0, vocabulary = 0;
  std::array<char, 8> magic = kMagic;
};
static_assert(sizeof(Footer) == 72);

std::size_t width(std::int64_t vocabulary) { return vocabulary <= kNarrow ? 2 : 4; }

}  // namespace

TokenFileWriter::TokenFileWriter(const std::filesystem::path& path, std::int64_t vocabulary, std::int32_t separator,
                                 const std::string& tokenizer_hash)
    : file_(path), separator_(separator) {
  info_.vocabulary = vocabulary;
  info_.tokenizer_hash = tokenizer_hash;
}

void TokenFileWriter::put(std::int32_t id) {
  if (id < 0 || id >= info_.vocabulary)
    fail(ErrorCode::mismatch, "token {} is outside the vocabulary of {}", id, info_.vocabulary);
  const auto value = static_cast<std::uint32_t>(id);
  buffer_.append(reinterpret_cast<const char*>(&value), width(info_.vocabulary));
  ++info_.tokens;
  if (buffer_.size() < kBuffer) return;
  file_.write(buffer_);
  buffer_.clear();
}

void TokenFileWriter::add(std::span<const std::int32_t> ids, std::size_t text_bytes) {
  for (const std::int32_t id : ids) put(id);
  info_.text_bytes += static_cast<std::int64_t>(text_bytes);
}

void TokenFileWriter::end_document() {
  if (info_.tokens == document_start_) return;
  put(separator_);
  ++info_.documents;
  document_start_ = info_.tokens;
}

void TokenFileWriter::commit() {
  end_document();
  file_.write(buffer_);
  Footer footer;
  std::memcpy(footer.tokenizer_hash.data(), info_.tokenizer_hash.data(), std::min(kHash, info_.tokenizer_hash.size()));
  footer.tokens = static_cast<std::uint64_t>(info_.tokens);
  footer.documents = static_cast<std::uint64_t>(info_.documents);
  footer.text_bytes = static_cast<std::uint64_t>(info_.text_bytes);
  footer.vocabulary = static_cast<std::uint64_t>(info_.vocabulary);
  file_.write(&footer, sizeof(footer));
  file_.commit();
}

TokenFile::TokenFile(const std::filesystem::path& path) : file_(MappedFile::open(path)) {
  const std::span<const std::byte> bytes = file_->bytes();
  Footer footer;
  if (bytes.size() >= sizeof(footer))
    std::memcpy(&footer, bytes.data() + bytes.size() - sizeof(footer), sizeof(footer));
  if (bytes.size() < sizeof(footer) || footer.magic != kMagic)
    fail(ErrorCode::malformed, "{}: this is no token file; delete it, gptask pretrain writes it anew", path.string());
  const std::size_t content = bytes.size() - sizeof(footer);
  if (footer.vocabulary < 1 || footer.vocabulary > (std::uint64_t{1} << 31) ||
      footer.tokens != content / width(static_cast<std::int64_t>(footer.vocabulary)) ||
      content % width(static_cast<std::int64_t>(footer.vocabulary)) != 0 || footer.documents > footer.tokens ||
      footer.text_bytes > (std::uint64_t{1} << 62))
    fail(ErrorCode::malformed, "{}: {} bytes of tokens do not agree with the {} tokens it claims; delete it",
         path.string(), content, footer.tokens);
  info_ = {static_cast<std::int64_t>(footer.tokens), static_cast<std::int64_t>(footer.documents),
           static_cast<std::int64_t>(footer.text_bytes), static_cast<std::int64_t>(footer.vocabulary),
           std::string(footer.tokenizer_hash.data(), kHash)};
}

void TokenFile::read(std::int64_t first, std::span<std::int32_t> out) const {
  if (first < 0 || first > size() || static_cast<std::int64_t>(out.size()) > size() - first)
    fail(ErrorCode::mismatch, "{}: there are no tokens {} to {}, it has {}", file_->path().string(), first,
         first + static_cast<std::int64_t>(out.size()), size());
  const std::size_t bytes = width(info_.vocabulary);
  const std::byte* from = file_->bytes().data() + static_cast<std::size_t>(first) * bytes;
  for (std::int32_t& id : out) {
    std::uint32_t value = 0;
    std::memcpy(&value, from, bytes);
    from += bytes;
    if (value >= info_.vocabulary)
      fail(ErrorCode::malformed, "{}: token {} is outside its vocabulary of {}; delete the file",
           file_->path().string(), value, info_.vocabulary);
    id = static_cast<std::int32_t>(value);
  }
}

std::string TokenFile::hash() const { return gpt::hash(file_->text()); }

}  // namespace gpt

#include "io/zstd_source.h"

#include <zstd.h>

#include <fstream>
#include <new>
#include <stdexcept>
#include <vector>

namespace gpt {

struct ZstdSource::State {
  std::ifstream file;
  std::vector<char> buffer = std::vector<char>(ZSTD_DStreamInSize());
  ZSTD_inBuffer input{};
  std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context{ZSTD_createDCtx(), ZSTD_freeDCtx};
  std::size_t expected = 0;  ///< 0 between frames
};

ZstdSource::ZstdSource(const std::filesystem::path& path) : state_(std::make_shared<State>()) {
  state_->file.exceptions(std::ios::badbit);
  state_->file.open(path, std::ios::binary);
  if (state_->context == nullptr) throw std::bad_alloc();
  // 128 MiB, as the zstd program allows without --long: bounds what a small file can make us allocate.
  ZSTD_DCtx_setParameter(state_->context.get(), ZSTD_d_windowLogMax, 27);
}

std::streamsize ZstdSource::read(char* out, std::streamsize size) {
  auto& [file, buffer, input, context, expected] = *state_;
  ZSTD_outBuffer output{out, static_cast<std::size_t>(size), 0};
  while (output.pos == 0) {
    if (input.pos == input.size && file) {
      file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
      input = {buffer.data(), static_cast<std::size_t>(file.gcount()), 0};
    }
    const bool ended = input.pos == input.size;
    if (ended && expected == 0) return -1;
    const std::size_t result = ZSTD_decompressStream(context.get(), &output, &input);
    if (ZSTD_isError(result)) throw std::runtime_error(ZSTD_getErrorName(result));
    if (ended && output.pos == 0 && result != 0) throw std::runtime_error("the data ends inside a frame");
    expected = result;
  }
  return static_cast<std::streamsize>(output.pos);
}

}  // namespace gpt

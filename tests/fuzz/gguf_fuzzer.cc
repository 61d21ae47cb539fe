// Any bytes as a .gguf file: its metadata, tensors, configuration and tokenizer.
#include <algorithm>
#include <vector>

#include "gpt/core/error.h"
#include "gpt/io/gguf.h"
#include "gpt/text/tokenizer.h"
#include "model/source.h"
#include "scratch.h"

namespace {

/// An error is an answer; anything else thrown is a finding.
template <typename Call>
void attempt(const Call& call) {
  try {
    call();
  } catch (const gpt::Error&) {
  }
}

void read_values(const gpt::GgufFile& file) {
  for (const gpt::GgufValue& value : file.metadata()) {
    attempt([&] { file.find_string(value.key); });
    attempt([&] { file.find_integer(value.key); });
    attempt([&] { file.find_bool(value.key); });
    attempt([&] { file.find_strings(value.key); });
    attempt([&] { file.find_numbers(value.key); });
  }
}

void read_tensors(const gpt::GgufFile& file) {
  for (const gpt::StoredTensor& tensor : file.tensors()) {
    const std::int64_t elements = gpt::block_size(tensor.type).elements == 0 ? 0 : tensor.elements();
    std::vector<float> values(static_cast<std::size_t>(std::min<std::int64_t>(elements, 1 << 20)) / 256 * 256);
    attempt([&] { gpt::read_f32(tensor, 0, values); });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const gpt::fuzz::Scratch scratch;
  const auto path = scratch.put("a.gguf", data, size);
  attempt([&] {
    const gpt::GgufFile file(path);
    read_values(file);
    read_tensors(file);
    attempt([&] { gpt::open_model(path); });
    attempt([&] { gpt::Tokenizer::load(path); });
  });
  return 0;
}

// Any bytes as a .safetensors file.
#include <vector>

#include "gpt/core/error.h"
#include "gpt/io/safetensors.h"
#include "scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const gpt::fuzz::Scratch scratch;
  try {
    const gpt::SafetensorsFile file(scratch.put("a.safetensors", data, size));
    for (const gpt::StoredTensor& tensor : file.tensors()) {
      std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
      gpt::read_f32(tensor, 0, values);
    }
  } catch (const gpt::Error&) {  // refused
  }
  return 0;
}

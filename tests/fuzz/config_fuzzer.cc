// Any bytes as the config.json of a folder with weights.
#include "gpt/core/error.h"
#include "gpt/model/convert.h"
#include "gpt/model/files.h"
#include "scratch.h"
#include "small_model.h"

namespace {

struct Nowhere : gpt::ByteSink {
  using ByteSink::write;
  void write(const void*, std::size_t) override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const gpt::fuzz::Scratch scratch;
  static const bool saved = [] {
    gpt::save_model(*gpt::Decoder::create(gpt::fuzz::small_config(), 1), {}, scratch.path(), "ForCausalLM");
    return true;
  }();
  scratch.put("config.json", data, saved ? size : 0);
  try {  // reads the configuration and, where it fits them, all weights
    Nowhere nowhere;
    gpt::convert_to_gguf(scratch.path(), {gpt::StoredType::f32, true}, nowhere);
  } catch (const gpt::Error&) {  // refused
  }
  return 0;
}

// Any bytes as the adapter_config.json and the gptask.json of a fine-tuned folder.
#include "gpt/core/error.h"
#include "gpt/model/lora.h"
#include "gptask/toolkit/manifest.h"
#include "scratch.h"
#include "small_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const gpt::fuzz::Scratch scratch;
  static const auto decoder = [] {
    auto made = gpt::Decoder::create(gpt::fuzz::small_config(), 1);
    made->add_lora({2, 4, 0, {"q_proj", "v_proj"}}, 1);
    gpt::save_adapter(*made, {}, scratch.path(), "base", "SEQ_CLS");
    made->merge_lora();
    return made;
  }();
  scratch.put("adapter_config.json", data, size);
  scratch.put("gptask.json", data, size);
  try {
    gpt::load_adapter(*decoder, scratch.path());
  } catch (const gpt::Error&) {  // refused
  }
  if (decoder->has_lora()) decoder->merge_lora();
  try {
    gptask::read_manifest(scratch.path());
  } catch (const gpt::Error&) {
  }
  return 0;
}

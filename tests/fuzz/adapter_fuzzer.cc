// Any bytes as the adapter_config.json and the gptask.json of a fine-tuned folder.
#include "gpt/core/error.h"
#include "gpt/model/lora.h"
#include "gptask/toolkit/manifest.h"
#include "scratch.h"
#include "support/tiny_decoder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const gpt::fuzz::Scratch scratch;
  static const bool saved = [] {
    const auto decoder = gpt::Decoder::create(gpt::test::tiny_llama(), 1);
    decoder->add_lora({2, 4, 0, {"q_proj", "v_proj"}}, 1);
    gpt::save_adapter(*decoder, {}, scratch.path(), "base", "SEQ_CLS");
    return true;
  }();
  scratch.put("adapter_config.json", data, saved ? size : 0);
  scratch.put("gptask.json", data, size);
  try {
    const auto decoder = gpt::Decoder::create(gpt::test::tiny_llama(), 1);
    gpt::load_adapter(*decoder, scratch.path());
  } catch (const gpt::Error&) {  // refused
  }
  try {
    gptask::read_manifest(scratch.path());
  } catch (const gpt::Error&) {
  }
  return 0;
}

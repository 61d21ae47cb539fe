// Any bytes as a tokenizer.json, and what is loaded gets a text to tokenize.
#include <algorithm>
#include <cstdint>
#include <string>

#include "gpt/core/error.h"
#include "text/pipeline.h"
#include "text/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string file(reinterpret_cast<const char*>(data), size);
  const std::string text = "Hello  wor\u0301ld 12's\n\u2581<s>" + file.substr(0, std::min<std::size_t>(size, 60)) + " ";
  try {
    const gpt::text::PipelineTokenizer tokenizer(gpt::text::parse_tokenizer_json(file, "tokenizer.json"));
    const gpt::Encoding encoding = tokenizer.encode_with_offsets(text, true);
    if (tokenizer.encode(text, true) != encoding.ids) __builtin_trap();
    for (const gpt::Range& range : encoding.bytes) {
      if (range.begin > range.end || range.end > text.size()) __builtin_trap();
    }
    tokenizer.decode(encoding.ids, false);
    tokenizer.hash();
    tokenizer.encode_literally(text, false);
  } catch (const gpt::Error&) {  // refused
  }
  return 0;
}

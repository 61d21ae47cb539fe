#include "text/gguf_pre_tokenizers.h"

#include <functional>

#include "gpt/core/error.h"
#include "gpt/core/log.h"
#include "text/patterns.h"

namespace gpt::text {

namespace {

/// Nothing but GPT-2's expression.
GgufPreTokenizer gpt2() {
  GgufPreTokenizer way;
  way.post_processor.byte_level = true;
  return way;
}

GgufPreTokenizer smollm() {
  GgufPreTokenizer way;
  way.pre_tokenizer.steps = {digits_step(true)};
  return way;
}

/// GPT-NeoX's; OLMo and MPT took it over.
GgufPreTokenizer neox() {
  GgufPreTokenizer way = gpt2();
  way.normalizer = {{NormalizerStep::Kind::nfc}};
  way.post_processor.trim_offsets = true;
  return way;
}

/// An expression that replaces GPT-2's.
GgufPreTokenizer with_scanner(Scanner scanner) {
  GgufPreTokenizer way = gpt2();
  way.pre_tokenizer.steps = {split_step(scanner)};
  way.pre_tokenizer.use_regex = false;
  return way;
}

GgufPreTokenizer llama3() {
  GgufPreTokenizer way = with_scanner(Scanner::llama3);
  way.post_processor.trim_offsets = true;
  way.ignore_merges = way.add_bos = true;
  return way;
}

GgufPreTokenizer qwen2() {
  GgufPreTokenizer way = with_scanner(Scanner::qwen2);
  way.normalizer = {{NormalizerStep::Kind::nfc}};
  return way;
}

PreTokenizerStep isolate(const char* regex) {
  PreTokenizerStep step;
  step.pattern = {regex, true};
  return canonical_step(step);
}

GgufPreTokenizer deepseek_coder() {
  GgufPreTokenizer way;
  way.pre_tokenizer.steps = {isolate("[\\r\\n]"), isolate("\\s?\\p{L}+"), isolate("\\s?\\p{P}+"),
                             isolate("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"), digits_step(true)};
  way.pre_tokenizer.use_regex = false;
  way.add_bos = true;
  return way;
}

GgufPreTokenizer falcon() {
  GgufPreTokenizer way;
  way.pre_tokenizer.steps = {isolate("[\\p{P}\\$\\+<=>\\^~\\|`]+"), split_step(Scanner::gpt2),
                             isolate("[0-9][0-9][0-9]")};
  way.pre_tokenizer.use_regex = false;
  return way;
}

struct Known {
  std::string_view name;
  GgufPreTokenizer (*make)();
};

constexpr Known kKnown[] = {{"default", gpt2},
                            {"gpt-2", gpt2},
                            {"smollm", smollm},
                            {"starcoder", smollm},
                            {"refact", smollm},
                            {"mpt", neox},
                            {"olmo", neox},
                            {"llama-bpe", llama3},
                            {"llama3", llama3},
                            {"llama-v3", llama3},
                            {"qwen2", qwen2},
                            {"deepseek-r1-qwen", qwen2},
                            {"deepseek-coder", deepseek_coder},
                            {"falcon", falcon}};

}  // namespace

GgufPreTokenizer gguf_pre_tokenizer(const GgufFile& file) {
  const std::string_view name = file.find_string("tokenizer.ggml.pre").value_or("default");
  if (name == "default") {
    log_warning("{}: tokenizer.ggml.pre does not say how text is cut into words; taking GPT-2's way",
                file.path().string());
  }
  std::string names;
  for (const Known& known : kKnown) {
    if (known.name == name) return known.make();
    names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
  }
  fail(ErrorCode::unsupported,
       "{}: the pre-tokenizer '{}' (tokenizer.ggml.pre) is not supported, only {}; use the model's folder with its "
       "tokenizer.json",
       file.path().string(), name, names);
}

std::optional<std::string_view> gguf_pre_tokenizer_name(const TokenizerSpec& spec) {
  for (const Known& known : kKnown) {
    const GgufPreTokenizer way = known.make();
    if (known.name != "default" && way.normalizer == spec.normalizer && way.pre_tokenizer == spec.pre_tokenizer &&
        way.ignore_merges == spec.model.ignore_merges)
      return known.name;
  }
  return std::nullopt;
}

}  // namespace gpt::text

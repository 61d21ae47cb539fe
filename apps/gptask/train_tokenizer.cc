// gptask train-tokenizer: texts -> a byte-level BPE tokenizer.
#include <fmt/format.h>

#include "arguments.h"
#include "command.h"
#include "common_options.h"
#include "gpt/core/error.h"
#include "gptask/toolkit/pretrain.h"
#include "progress.h"
#include "result_output.h"
#include "signals.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;

const Usage usage = {
    "gptask train-tokenizer --train-file F ... --vocab-size N --output-dir D [OPTIONS]",
    "Makes a byte-level BPE tokenizer: the vocabulary and merges of the tokenizers library (BpeTrainer with the "
    "ByteLevel pre-tokenizer and its alphabet) for the same texts. Memory follows the number of different words, not "
    "the "
    "size of the files. Writes tokenizer.json and tokenizer_config.json, which Transformers reads.",
    "gptask train-tokenizer --train-file books/ --vocab-size 8192 --output-dir runs/tokenizer"};

TokenizerRequest request_of(const gpt::Options& options) {
  TokenizerRequest request;
  request.train_files = options.list("train_file");
  request.text_column = options.text("text_column");
  request.output_dir = options.text("output_dir");
  request.vocabulary = options.integer("vocab_size");
  request.min_frequency = options.integer("min_frequency");
  request.special_tokens = options.list("special_tokens");
  request.pad = options.text("pad_token");
  request.add_prefix_space = options.flag("add_prefix_space");
  return request;
}

}  // namespace

int train_tokenizer_command(const std::vector<std::string>& raw) {
  Arguments arguments(raw);
  gpt::Options options;
  declare_common(options);
  options.declare({"train_file", Kind::list, "", "text files, folders or patterns"});
  options.declare({"text_column", Kind::text, "", "the field of JSON or CSV rows; by default text"});
  options.declare({"vocab_size", Kind::integer, "30000", "tokens, the 256 bytes and the special ones included"});
  options.declare({"min_frequency", Kind::integer, "0", "merge no pair seen less often"});
  options.declare(
      {"special_tokens", Kind::list, "<|endoftext|>", "they take the first ids; the first one ends a text"});
  options.declare({"pad_token", Kind::text, "", "the special token that pads"});
  options.declare({"add_prefix_space", Kind::flag, "false", "put a space before a text that has none"});
  options.declare({"output_dir", Kind::text, "", "the folder to write", {}, {"o"}});
  if (!parse_or_help(arguments, options, usage)) return 0;
  refuse_words(arguments);
  catch_signals();
  Progress progress;
  const TokenizerRequest request = request_of(options);
  const TokenizerResult result = train_tokenizer(request, progress);
  const nlohmann::ordered_json values = {{"vocabulary", result.vocabulary},
                                         {"words", result.words},
                                         {"different words", result.different_words},
                                         {"text bytes", result.text_bytes}};
  if (options.flag("json")) {
    print_json({{"output_dir", request.output_dir.string()}, {"results", values}});
  } else {
    print_values("results", values);
    fmt::print("tokenizer: {}\n", request.output_dir.string());
  }
  return 0;
}

}  // namespace gptask::app

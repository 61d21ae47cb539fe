// Files -> a tokenizer.
#include <fmt/format.h>

#include "gpt/core/error.h"
#include "gpt/text/bpe_trainer.h"
#include "gptask/toolkit/documents.h"
#include "gptask/toolkit/pretrain.h"

namespace gptask {
namespace {

/// Lines with their ends, as the tokenizers library reads files.
void add_lines(gpt::BpeTrainer& trainer, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
    trainer.add(text.substr(0, size));
    text.remove_prefix(size);
  }
}

}  // namespace

TokenizerResult train_tokenizer(const TokenizerRequest& request, Observer& observer) {
  if (request.train_files.empty()) gpt::fail(gpt::ErrorCode::invalid_option, "--train_file is missing");
  if (request.output_dir.empty()) gpt::fail(gpt::ErrorCode::invalid_option, "--output_dir is missing");
  if (std::filesystem::exists(request.output_dir / "tokenizer.json"))
    gpt::fail(gpt::ErrorCode::invalid_option, "--output_dir {} holds a tokenizer; choose another folder",
              request.output_dir.string());
  gpt::BpeTrainer trainer(
      {request.vocabulary, request.min_frequency, request.special_tokens, request.pad, request.add_prefix_space});
  DocumentReader reader(expand_files(request.train_files), request.text_column);
  TokenizerResult result;
  observer.stage("counting words");
  for (DocumentPiece piece; reader.next(piece);) {
    if (observer.stop_requested()) gpt::fail(gpt::ErrorCode::interrupted, "stopped; nothing was written");
    if (reader.plain()) {
      add_lines(trainer, piece.text);
    } else {
      trainer.add(piece.text);
    }
    result.text_bytes += static_cast<std::int64_t>(piece.text.size());
  }
  result.words = trainer.words();
  result.different_words = trainer.different_words();
  if (result.words == 0) gpt::fail(gpt::ErrorCode::malformed, "the files hold no text");
  observer.stage(fmt::format("merging pairs of {} different words", result.different_words));
  const auto tokenizer = trainer.train([&](std::int64_t size) {
    observer.inferred(static_cast<std::size_t>(size), static_cast<std::size_t>(request.vocabulary));
  });
  result.vocabulary = static_cast<std::int64_t>(tokenizer->vocabulary_size());
  if (result.vocabulary < request.vocabulary)
    observer.notice(fmt::format("the text has no more pairs: the vocabulary has {} tokens, not {}", result.vocabulary,
                                request.vocabulary));
  tokenizer->save(request.output_dir);
  return result;
}

}  // namespace gptask

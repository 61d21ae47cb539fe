#include "pretrain/token_files.h"

#include "gpt/core/error.h"
#include "gptask/toolkit/documents.h"
#include "run/inputs.h"

namespace gptask {
namespace {

constexpr std::size_t kGroup = 64;                          // pieces tokenized side by side
constexpr std::size_t kGroupBytes = std::size_t{16} << 20;  // and the most of their text

/// The next pieces; none at the end.
std::vector<DocumentPiece> next_group(DocumentReader& reader) {
  std::vector<DocumentPiece> group;
  std::size_t bytes = 0;
  for (DocumentPiece piece; group.size() < kGroup && bytes < kGroupBytes && reader.next(piece);) {
    bytes += piece.text.size();
    group.push_back(std::move(piece));
  }
  return group;
}

}  // namespace

std::shared_ptr<const gpt::TokenFile> write_token_file(const std::filesystem::path& path,
                                                       const std::vector<std::filesystem::path>& files,
                                                       const std::string& text_column, const gpt::Tokenizer& tokenizer,
                                                       gpt::Threads& threads, Observer& observer) {
  if (!tokenizer.eos())
    gpt::fail(
        gpt::ErrorCode::not_found,
        "the tokenizer names no end token, which separates documents; set eos_token in its tokenizer_config.json");
  observer.stage(fmt::format("tokenizing {} files", files.size()));
  gpt::TokenFileWriter writer(path, static_cast<std::int64_t>(tokenizer.vocabulary_size()), *tokenizer.eos(),
                              tokenizer.hash());
  DocumentReader reader(files, text_column);
  while (true) {
    check_stop(observer);
    const std::vector<DocumentPiece> group = next_group(reader);
    if (group.empty()) break;
    std::vector<std::vector<std::int32_t>> ids(group.size());
    threads.run([&] {
      gpt::parallel_for(static_cast<std::int64_t>(group.size()), [&](std::int64_t i) {
        const auto at = static_cast<std::size_t>(i);
        ids[at] = tokenizer.encode(group[at].text);
      });
    });
    for (std::size_t i = 0; i < group.size(); ++i) {
      writer.add(ids[i], group[i].text.size());
      if (group[i].last) writer.end_document();
    }
  }
  if (writer.info().tokens < 2) gpt::fail(gpt::ErrorCode::malformed, "{}: there is no text", files.front().string());
  writer.commit();
  return std::make_shared<const gpt::TokenFile>(path);
}

}  // namespace gptask

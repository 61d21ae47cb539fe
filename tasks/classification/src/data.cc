#include "gptask/classification/data.h"

#include <fmt/format.h>

namespace gptask {
namespace {

const std::string not_kept(1, '\0');

}  // namespace

void ClassificationData::add_text(std::string text, std::size_t most_bytes) {
  bytes_ += text.size();
  texts_.push_back(bytes_ <= most_bytes ? std::move(text) : not_kept);
}

std::string ClassificationData::text(std::size_t i) const {
  return texts_[i] == not_kept ? fmt::format("(row {} of {})", rows[i], source) : texts_[i];
}

std::unique_ptr<gpt::TaskData> ClassificationData::take(std::span<const std::uint32_t> indices) const {
  auto taken = std::make_unique<ClassificationData>();
  taken->source = source;
  taken->truncated = truncated;
  taken->skipped = skipped;
  taken->labels = labels;
  for (const std::uint32_t i : indices) {
    taken->examples.push_back(examples.at(i));
    taken->rows.push_back(rows.at(i));
    taken->texts_.push_back(texts_.at(i));
  }
  return taken;
}

}  // namespace gptask

#include "text/pretokenize.h"

namespace gpt::text {

PreTokenizer::PreTokenizer(const PreTokenizerSpec& spec) {
  steps_.assign(spec.splits.begin(), spec.splits.end());
  if (spec.add_prefix_space) prefix_step_ = steps_.size();
  if (spec.use_regex) {
    steps_.emplace_back(Split::gpt2);
  } else if (spec.add_prefix_space) {
    steps_.emplace_back(std::nullopt);
  }
  const bool each_number = spec.splits == std::vector<Split>{Split::numbers_each};
  if (each_number && spec.use_regex && !spec.add_prefix_space) mode_ = Mode::gpt2_each_number;
}

ChangedText PreTokenizer::add_prefix_space(const Piece& piece) {
  ChangedText changed;
  changed.text.reserve(piece.text.size() + 1);
  changed.text = " ";
  changed.text += piece.text;
  changed.alignment.reserve(changed.text.size());
  changed.alignment.push_back(piece.original(0, 1));
  for (std::size_t i = 0; i < piece.text.size();) {
    const std::size_t size = utf8_size(piece.text[i]);
    changed.alignment.resize(changed.alignment.size() + size, piece.original(i, i + size));
    i += size;
  }
  return changed;
}

}  // namespace gpt::text

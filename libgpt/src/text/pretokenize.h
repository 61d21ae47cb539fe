// Stage 2: cuts a text into words, which the model then encodes one by one.
#pragma once

#include <string>
#include <string_view>

#include "gpt/core/error.h"
#include "text/piece.h"
#include "text/scanners.h"
#include "text/spec.h"

namespace gpt::text {

/// Calls emit(begin, end) for the words of one split.
template <typename Emit>
void scan(Split split, const char* begin, const char* end, Emit emit) {
  const CharTable& table = CharTable::instance();
  switch (split) {
    case Split::gpt2:
      return scan_gpt2<false>(begin, end, table, emit);
    case Split::llama3:
      return scan_llama3<3>(begin, end, table, emit);
    case Split::qwen2:
      return scan_llama3<1>(begin, end, table, emit);
    case Split::numbers_each:
      return scan_numbers<true>(begin, end, table, emit);
    case Split::numbers_run:
      return scan_numbers<false>(begin, end, table, emit);
  }
}

class PreTokenizer {
 public:
  explicit PreTokenizer(const PreTokenizerSpec& spec);

  /// Calls emit(piece, begin, end) for every word: text[begin, end) of a piece that lives until emit returns.
  template <typename Emit>
  void split(const Piece& piece, Emit emit) const {
    if (mode_ == Mode::gpt2_each_number) {
      const char* text = piece.text.data();
      scan_gpt2<true>(text, text + piece.text.size(), CharTable::instance(), [&](const char* begin, const char* end) {
        emit(piece, static_cast<std::size_t>(begin - text), static_cast<std::size_t>(end - text));
      });
    } else {
      split_step(0, piece, 0, piece.text.size(), emit);
    }
  }

 private:
  enum class Mode { steps, gpt2_each_number };

  template <typename Emit>
  void split_step(std::size_t step, const Piece& piece, std::size_t begin, std::size_t end, Emit& emit) const {
    if (step == steps_.size()) return emit(piece, begin, end);
    if (step == prefix_step_ && piece.text[begin] != ' ') {
      const ChangedText prefixed = add_prefix_space(piece.part(begin, end));
      return split_plain(step, prefixed.piece(piece.origin), 0, prefixed.text.size(), emit);
    }
    split_plain(step, piece, begin, end, emit);
  }

  template <typename Emit>
  void split_plain(std::size_t step, const Piece& piece, std::size_t begin, std::size_t end, Emit& emit) const {
    const char* text = piece.text.data();
    if (!steps_[step]) return split_step(step + 1, piece, begin, end, emit);
    scan(*steps_[step], text + begin, text + end, [&](const char* word, const char* word_end) {
      split_step(step + 1, piece, static_cast<std::size_t>(word - text), static_cast<std::size_t>(word_end - text),
                 emit);
    });
  }

  /// The added space stands at the place of the first character.
  static ChangedText add_prefix_space(const Piece& piece);

  Mode mode_ = Mode::steps;
  std::vector<std::optional<Split>> steps_;  ///< an empty one cuts nothing: bytes only
  std::size_t prefix_step_ = static_cast<std::size_t>(-1);
};

}  // namespace gpt::text

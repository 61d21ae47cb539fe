// Stage 2: cuts a text into words, which the model then encodes one by one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/patterns.h"
#include "text/piece.h"
#include "text/regex.h"
#include "text/scanners.h"
#include "text/spec.h"

namespace gpt::text {

/// One step of a pre-tokenizer, ready to run. A step without cutter cuts nothing.
struct PreTokenizerStage {
  enum class Cutter { none, gpt2, gpt2_each_number, llama3, qwen2, numbers_each, numbers_run, general, replacement };
  Cutter cutter = Cutter::none;
  PreTokenizerStep spec;
  std::vector<Matcher> matcher;  ///< one, of a general split
  bool adds_space = false;       ///< of the byte level: in front of a piece that does not begin with one
  bool replaces_space = false;   ///< of metaspace

  /// The words of a general step, in order.
  std::vector<Match> cut(std::string_view text) const;
  /// The text as the step wants it before it cuts; nullopt where it is already.
  std::optional<ChangedText> change(const Piece& piece, bool aligned) const;
};

class PreTokenizer {
 public:
  /// Error unsupported for a regular expression we cannot run.
  explicit PreTokenizer(const PreTokenizerSpec& spec);

  /// Whether a step asks where in the original a piece begins, of a text that was `changed` before or that an earlier
  /// step may have changed.
  bool asks_for_place(bool changed) const { return changed ? asks_for_place_ : asks_after_change_; }

  /// Calls emit(piece, begin, end) for every word: text[begin, end) of a piece that lives until emit returns.
  /// `aligned`: pieces that the steps change keep the way back to the original.
  template <typename Emit>
  void split(const Piece& piece, bool aligned, Emit emit) const {
    run(0, piece, 0, piece.text.size(), aligned, emit);
  }

 private:
  void add_stage(const PreTokenizerStep& step);
  void add_byte_level(const PreTokenizerSpec& spec);

  template <typename Emit>
  void run(std::size_t stage, const Piece& piece, std::size_t begin, std::size_t end, bool aligned, Emit& emit) const {
    if (begin == end) return;
    if (stage == stages_.size()) return emit(piece, begin, end);
    const PreTokenizerStage& step = stages_[stage];
    if (step.adds_space || step.replaces_space) {
      const Piece part = piece.part(begin, end);
      if (const auto changed = step.change(part, aligned)) {
        return cut(stage, changed->piece(part.origin), 0, changed->text.size(), aligned, emit);
      }
    }
    cut(stage, piece, begin, end, aligned, emit);
  }

  template <typename Emit>
  void cut(std::size_t stage, const Piece& piece, std::size_t begin, std::size_t end, bool aligned, Emit& emit) const {
    using Cutter = PreTokenizerStage::Cutter;
    const PreTokenizerStage& step = stages_[stage];
    const CharTable& table = CharTable::instance();
    const char* text = piece.text.data();
    const auto next = [&](const char* word, const char* word_end) {
      run(stage + 1, piece, static_cast<std::size_t>(word - text), static_cast<std::size_t>(word_end - text), aligned,
          emit);
    };
    switch (step.cutter) {
      case Cutter::none:
        return next(text + begin, text + end);
      case Cutter::gpt2:
        return scan_gpt2<false>(text + begin, text + end, table, next);
      case Cutter::gpt2_each_number:
        return scan_gpt2<true>(text + begin, text + end, table, next);
      case Cutter::llama3:
        return scan_llama3<3>(text + begin, text + end, table, next);
      case Cutter::qwen2:
        return scan_llama3<1>(text + begin, text + end, table, next);
      case Cutter::numbers_each:
        return scan_numbers<true>(text + begin, text + end, table, next);
      case Cutter::numbers_run:
        return scan_numbers<false>(text + begin, text + end, table, next);
      case Cutter::replacement:
        return scan_replacement(text + begin, text + end, step.spec.replacement, next);
      case Cutter::general:
        for (const Match& word : step.cut(piece.text.substr(begin, end - begin))) {
          next(text + begin + word.begin, text + begin + word.end);
        }
    }
  }

  std::vector<PreTokenizerStage> stages_;
  bool asks_for_place_ = false, asks_after_change_ = false;
};

}  // namespace gpt::text

#include "text/pretokenize.h"

#include <algorithm>

namespace gpt::text {

namespace {

using Cutter = PreTokenizerStage::Cutter;
using Kind = PreTokenizerStep::Kind;

Cutter cutter_of(Scanner scanner) {
  switch (scanner) {
    case Scanner::gpt2:
      return Cutter::gpt2;
    case Scanner::llama3:
      return Cutter::llama3;
    case Scanner::qwen2:
      return Cutter::qwen2;
  }
  return Cutter::none;
}

/// Matches of single characters, and what lies between.
template <typename Condition>
std::vector<Match> find_characters(std::string_view text, Condition condition) {
  std::vector<Match> matches;
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = i + utf8_size(text[i]);
    if (condition(decode_utf8(text.data() + i))) {
      if (done < i) matches.push_back({done, i, false});
      matches.push_back({i, end, true});
      done = end;
    }
    i = end;
  }
  if (done < text.size()) matches.push_back({done, text.size(), false});
  return matches;
}

}  // namespace

std::vector<Match> PreTokenizerStage::cut(std::string_view text) const {
  std::vector<Match> matches;
  switch (spec.kind) {
    case Kind::split:
      matcher.front().find(text, matches);
      apply_behavior(spec.behavior, spec.invert, matches);
      break;
    case Kind::punctuation:
      matches = find_characters(text, is_punctuation);
      apply_behavior(spec.behavior, false, matches);
      break;
    case Kind::whitespace_split:
      matches = find_characters(text, is_white_space);
      apply_behavior(Behavior::removed, false, matches);
      break;
    case Kind::whitespace:  // \w+|[^\w\s]+
      for (const Match& part : find_characters(text, is_white_space)) {
        if (part.is_match) continue;
        auto words = find_characters(text.substr(part.begin, part.end - part.begin), is_word);
        apply_behavior(Behavior::contiguous, false, words);
        for (const Match& word : words) matches.push_back({part.begin + word.begin, part.begin + word.end, false});
      }
      break;
    case Kind::digits:
    case Kind::metaspace:
      break;  // these have cutters of their own
  }
  return matches;
}

std::optional<ChangedText> PreTokenizerStage::change(const Piece& piece, bool aligned) const {
  const std::string& front = replaces_space ? spec.replacement : " ";
  bool prepends =
      adds_space || spec.scheme == PrependScheme::always || (spec.scheme == PrependScheme::first && piece.origin == 0);
  if (piece.text.substr(0, front.size()) == front || (replaces_space && piece.text.front() == ' ')) prepends = false;
  if (!prepends && (!replaces_space || piece.text.find(' ') == std::string_view::npos)) return std::nullopt;

  ChangedText changed;
  changed.text.reserve(front.size() + piece.text.size() + piece.text.size() / 2);
  if (prepends) changed.append(front, aligned ? piece.original(0, 1) : Range{}, aligned);
  std::size_t done = 0;
  while (replaces_space) {
    const std::size_t at = piece.text.find(' ', done);
    if (at == std::string_view::npos) break;
    changed.append(piece, done, at, aligned);
    changed.append(spec.replacement, aligned ? piece.original(at, at + 1) : Range{}, aligned);
    done = at + 1;
  }
  changed.append(piece, done, piece.text.size(), aligned);
  return changed;
}

PreTokenizer::PreTokenizer(const PreTokenizerSpec& spec) {
  for (const PreTokenizerStep& step : spec.steps) add_stage(step);
  if (spec.byte_level) add_byte_level(spec);
}

void PreTokenizer::add_stage(const PreTokenizerStep& step) {
  PreTokenizerStage stage;
  stage.spec = step;
  stage.cutter = Cutter::general;
  if (step.kind == Kind::digits) {
    stage.cutter = step.each ? Cutter::numbers_each : Cutter::numbers_run;
  } else if (step.kind == Kind::metaspace) {
    stage.cutter = step.cut ? Cutter::replacement : Cutter::none;
    stage.replaces_space = true;
    const auto changes = [](const PreTokenizerStage& earlier) { return earlier.replaces_space; };
    const bool asks = step.scheme == PrependScheme::first;
    asks_for_place_ = asks_for_place_ || asks;
    asks_after_change_ = asks_after_change_ || (asks && std::any_of(stages_.begin(), stages_.end(), changes));
  } else if (step.kind == Kind::split) {
    const auto scanner = step.pattern.is_regex ? scanner_of(step.pattern.text) : std::nullopt;
    if (scanner && step.behavior == Behavior::isolated) {  // it matches everything: inverted or not is the same
      stage.cutter = cutter_of(*scanner);
    } else {
      stage.matcher.emplace_back(step.pattern);
    }
  }
  stages_.push_back(std::move(stage));
}

void PreTokenizer::add_byte_level(const PreTokenizerSpec& spec) {
  // GPT-2's expression after single numbers is one state machine.
  if (spec.use_regex && !spec.add_prefix_space && stages_.size() == 1 &&
      stages_.front().cutter == Cutter::numbers_each) {
    stages_.front().cutter = Cutter::gpt2_each_number;
    return;
  }
  if (!spec.use_regex && !spec.add_prefix_space) return;
  PreTokenizerStage stage;
  stage.cutter = spec.use_regex ? Cutter::gpt2 : Cutter::none;
  stage.adds_space = spec.add_prefix_space;
  stages_.push_back(std::move(stage));
}

}  // namespace gpt::text

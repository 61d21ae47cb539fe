#include "text/matches.h"

#include <algorithm>

namespace gpt::text {

namespace {

/// Joins each match to the word before it (in the order given) unless that was a match too.
void merge_with_previous(std::vector<Match>& matches) {
  std::vector<Match> words;
  bool after_match = false;
  for (const Match& match : matches) {
    if (match.is_match && !after_match && !words.empty()) {
      words.back().begin = std::min(words.back().begin, match.begin);
      words.back().end = std::max(words.back().end, match.end);
    } else {
      words.push_back(match);
    }
    after_match = match.is_match;
  }
  matches = std::move(words);
}

/// Joins neighbours of the same kind.
void join_runs(std::vector<Match>& matches) {
  std::vector<Match> words;
  bool after_match = false;
  for (const Match& match : matches) {
    if (match.is_match == after_match && !words.empty()) {
      words.back().end = match.end;
    } else {
      words.push_back(match);
    }
    after_match = match.is_match;
  }
  matches = std::move(words);
}

}  // namespace

void apply_behavior(Behavior behavior, bool invert, std::vector<Match>& matches) {
  if (invert) {
    for (Match& match : matches) match.is_match = !match.is_match;
  }
  switch (behavior) {
    case Behavior::removed:
      std::erase_if(matches, [](const Match& match) { return match.is_match; });
      break;
    case Behavior::isolated:
      break;
    case Behavior::merged_with_previous:
      merge_with_previous(matches);
      break;
    case Behavior::merged_with_next:
      std::reverse(matches.begin(), matches.end());
      merge_with_previous(matches);
      std::reverse(matches.begin(), matches.end());
      break;
    case Behavior::contiguous:
      join_runs(matches);
      break;
  }
  std::erase_if(matches, [](const Match& match) { return match.begin == match.end; });
}

}  // namespace gpt::text

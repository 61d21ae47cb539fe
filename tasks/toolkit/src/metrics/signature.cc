#include "metrics/signature.h"

#include <algorithm>

namespace gptask {

std::string reference_count(const References& references) {
  const std::size_t first = references.empty() ? 0 : references[0].size();
  const bool equal =
      std::all_of(references.begin(), references.end(), [&](const auto& segment) { return segment.size() == first; });
  return equal ? std::to_string(first) : "var";
}

void check_references(std::span<const std::string> references) {
  if (references.empty()) gpt::fail(gpt::ErrorCode::mismatch, "a segment has no reference to be compared with");
}

void check_corpus(std::size_t hypotheses, std::size_t references) {
  if (hypotheses != references)
    gpt::fail(gpt::ErrorCode::mismatch, "{} hypotheses but {} references", hypotheses, references);
  if (hypotheses == 0) gpt::fail(gpt::ErrorCode::mismatch, "nothing to score: there is no hypothesis");
}

}  // namespace gptask

#include "gptask/toolkit/ter.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

#include "metrics/edit_distance.h"
#include "metrics/signature.h"
#include "metrics/ter_tokenizer.h"
#include "metrics/unicode.h"

namespace gptask {
namespace {

using Words = std::vector<std::uint32_t>;
using Position = std::ptrdiff_t;

constexpr Position longest_shift = 10, farthest_shift = 50;
constexpr int most_candidates = 1000;

/// Which hypothesis word stands at each reference word (-1: before the first), and which words are wrong.
struct Alignment {
  std::vector<Position> hypothesis_at;
  std::vector<bool> hypothesis_wrong, reference_wrong;

  explicit Alignment(const std::vector<Edit>& trace) {
    for (const Edit edit : trace) {
      if (edit != Edit::insert) hypothesis_wrong.push_back(edit != Edit::none);
      if (edit == Edit::erase) continue;
      reference_wrong.push_back(edit != Edit::none);
      hypothesis_at.push_back(static_cast<Position>(hypothesis_wrong.size()) - 1);
    }
  }
};

bool any(const std::vector<bool>& flags, Position begin, Position length) {
  return std::any_of(flags.begin() + begin, flags.begin() + begin + length, [](bool flag) { return flag; });
}

/// The run words[start, start + length) taken out and put before `target` (counted with the run in place).
Words shifted(const Words& words, Position start, Position length, Position target) {
  Words result = words;
  const auto begin = result.begin();
  if (target < start)
    std::rotate(begin + target, begin + start, begin + start + length);
  else if (target > start + length)
    std::rotate(begin + start, begin + start + length, begin + target);
  else
    std::rotate(begin + start, begin + start + length,
                begin + std::min(length + target, static_cast<Position>(words.size())));
  return result;
}

struct Shift {
  std::int64_t gain = std::numeric_limits<std::int64_t>::min();  ///< until a candidate is found
  Position length = 0, start = 0, target = 0;
  Words words;

  /// The largest gain first, then the longest run, the earliest one, the earliest target: Tercom's ranking.
  bool better_than(const Shift& other) const {
    return std::tuple(gain, length, -start, -target) >
           std::tuple(other.gain, other.length, -other.start, -other.target);
  }
};

class ShiftSearch {
 public:
  ShiftSearch(const Words& reference, EditDistance& distance) : reference_(reference), distance_(distance) {}

  /// The shift that saves most edits of those that are tried.
  const Shift& best(const Words& words) {
    best_ = {};
    const std::int64_t before = distance_(words);
    const Alignment alignment(distance_.trace());
    const auto size = static_cast<Position>(words.size()), wanted = static_cast<Position>(reference_.size());
    for (Position start = 0; start < size; ++start)
      for (Position at = std::max<Position>(0, start - farthest_shift);
           at < std::min(wanted, start + farthest_shift + 1); ++at)
        for (Position length = 1; length <= longest_shift && start + length <= size && at + length <= wanted &&
                                  words[static_cast<std::size_t>(start + length - 1)] ==
                                      reference_[static_cast<std::size_t>(at + length - 1)];
             ++length) {
          try_targets(words, before, alignment, start, at, length);
          if (exhausted()) return best_;
        }
    return best_;
  }
  bool exhausted() const { return candidates_ >= most_candidates; }

 private:
  /// A run that is right, or whose place is, or that would move within itself, stays.
  void try_targets(const Words& words, std::int64_t before, const Alignment& alignment, Position start, Position at,
                   Position length) {
    if (!any(alignment.hypothesis_wrong, start, length) || !any(alignment.reference_wrong, at, length)) return;
    const Position there = alignment.hypothesis_at[static_cast<std::size_t>(at)];
    if (start <= there && there < start + length) return;
    Position previous = -1;
    for (Position offset = -1; offset < length; ++offset) {
      const Position place = at + offset;
      if (place >= static_cast<Position>(alignment.hypothesis_at.size())) break;
      const Position target = place == -1 ? 0 : alignment.hypothesis_at[static_cast<std::size_t>(place)] + 1;
      if (target == previous) continue;
      previous = target;
      Shift shift{0, length, start, target, shifted(words, start, length, target)};
      shift.gain = before - distance_(shift.words);
      ++candidates_;
      if (shift.better_than(best_)) best_ = std::move(shift);
    }
  }

  const Words& reference_;
  EditDistance& distance_;
  Shift best_;
  int candidates_ = 0;
};

std::int64_t edits(Words words, const Words& reference) {
  if (reference.empty()) return static_cast<std::int64_t>(words.size());
  EditDistance distance(reference);
  ShiftSearch search(reference, distance);
  std::int64_t shifts = 0;
  for (;;) {
    const Shift& shift = search.best(words);
    if (search.exhausted() || shift.gain <= 0) break;
    ++shifts;
    words = shift.words;
  }
  return shifts + distance(words);
}

}  // namespace

std::vector<double> Ter::statistics(std::string_view hypothesis, std::span<const std::string> references) const {
  check_references(references);
  Vocabulary vocabulary;
  const auto words = [&](std::string_view text) {
    const std::u32string points = decode(text);
    return vocabulary.ids(split(ter_tokenize(std::u32string(strip_right(points)), options_)));
  };
  const Words said = words(hypothesis);
  double fewest = 0, lengths = 0;
  for (std::size_t i = 0; i < references.size(); ++i) {
    const Words wanted = words(references[i]);
    const auto count = static_cast<double>(edits(said, wanted));
    fewest = i == 0 ? count : std::min(fewest, count);
    lengths += static_cast<double>(wanted.size());
  }
  return {fewest, lengths / static_cast<double>(references.size())};
}

double Ter::score(std::span<const double> sums) const {
  if (sums[1] > 0) return 100 * (sums[0] / sums[1]);
  return sums[0] > 0 ? 100 : 0;
}

double Ter::corpus(std::span<const std::string> hypotheses, const References& references) const {
  return score(sum_of_statistics(*this, hypotheses, references));
}

std::string Ter::signature(const References& references) const {
  const auto yes_or_no = [](bool value) { return value ? "yes" : "no"; };
  return fmt::format("nrefs:{}|case:{}|tok:tercom|norm:{}|punct:{}|asian:{}|version:{}", reference_count(references),
                     options_.case_sensitive ? "mixed" : "lc", yes_or_no(options_.normalized),
                     yes_or_no(!options_.no_punct), yes_or_no(options_.asian_support), sacrebleu_version);
}

}  // namespace gptask

#include "train/order.h"

#include <algorithm>
#include <cmath>

#include "gpt/core/error.h"
#include "gpt/core/random.h"

namespace gpt {
namespace {

/// Sequences of so many passes are sorted among themselves: enough for passes of like length, few enough for passes
/// that differ from epoch to epoch (as Transformers' group_by_length).
constexpr std::int64_t kPassesSortedTogether = 50;

constexpr double kMostLookedAt = 2e7;  // examples, over all epochs, whose passes are measured beforehand

constexpr std::uint64_t kPassOrder = 0x7061737300000000ULL;  // streams of random numbers, one an epoch

}  // namespace

Order::Order(const ExampleSource& examples, const TrainOptions& options) : options_(options) {
  lengths_.reserve(examples.size());
  for (std::size_t i = 0; i < examples.size(); ++i) {
    lengths_.push_back(static_cast<std::uint32_t>(examples.length(i)));
    tokens_ += examples.length(i);
  }
  const auto longest = std::max_element(lengths_.begin(), lengths_.end());
  if (by_tokens() && longest != lengths_.end() && *longest > options.max_batch_tokens)
    fail(ErrorCode::invalid_option,
         "example {} has {} tokens, and a pass may have {}; raise max_batch_tokens or cut the examples shorter",
         longest - lengths_.begin() + 1, *longest, options.max_batch_tokens);
}

std::int64_t Order::steps() {
  if (options_.max_steps > 0) return options_.max_steps;
  const double whole = std::floor(options_.epochs + 1e-9), part = std::max(0.0, options_.epochs - whole);
  const std::int64_t before = first_step(static_cast<std::int64_t>(whole));
  if (part < 1e-9) return std::max<std::int64_t>(1, before);
  const std::int64_t length = first_step(static_cast<std::int64_t>(whole) + 1) - before;
  return std::max<std::int64_t>(
      1, before + static_cast<std::int64_t>(std::ceil(part * static_cast<double>(length) - 1e-9)));
}

double Order::epochs_after(std::int64_t steps) {
  const std::int64_t epoch = epoch_of(steps);
  const std::int64_t first = first_step(epoch);
  return static_cast<double>(epoch) +
         static_cast<double>(steps - first) / static_cast<double>(first_step(epoch + 1) - first);
}

bool Order::ends_epoch(std::int64_t steps) { return steps > 0 && first_step(epoch_of(steps)) == steps; }

std::int64_t Order::largest_pass() const {
  std::vector<std::uint32_t> longest = lengths_;
  std::sort(longest.rbegin(), longest.rend());
  if (options_.batch_size > 0) longest.resize(std::min(longest.size(), static_cast<std::size_t>(options_.batch_size)));
  std::int64_t sum = 0;
  for (const std::uint32_t length : longest) sum += length;
  return by_tokens() ? std::min(sum, options_.max_batch_tokens) : sum;
}

Order::Largest Order::largest() {
  const std::int64_t steps = this->steps(), longest = *std::max_element(lengths_.begin(), lengths_.end());
  if (static_cast<double>(epoch_of(steps - 1) + 1) * static_cast<double>(lengths_.size()) > kMostLookedAt) {
    const std::int64_t most = options_.max_activation_tokens, pass = largest_pass();
    if (most <= 0 || pass <= most) return {pass, options_.accumulation};
    return {std::min(pass, std::max(most, longest)), options_.accumulation * ((pass + most - 1) / most)};
  }
  Largest largest;
  for (std::int64_t step = 0; step < steps; ++step) {
    std::int64_t count = 0;
    for (const auto& pass : passes(step))
      for (const auto& part : parts(pass)) {
        largest.part = std::max(largest.part, tokens_of(part));
        ++count;
      }
    largest.parts = std::max(largest.parts, count);
  }
  return largest;
}

std::int64_t Order::tokens_of(std::span<const std::uint32_t> examples) const {
  std::int64_t sum = 0;
  for (const std::uint32_t example : examples) sum += length(example);
  return sum;
}

std::vector<std::span<const std::uint32_t>> Order::parts(std::span<const std::uint32_t> pass) const {
  const std::int64_t all = tokens_of(pass), most = options_.max_activation_tokens;
  if (most <= 0 || all <= most) return {pass};
  const std::int64_t count = (all + most - 1) / most, enough = (all + count - 1) / count;
  std::vector<std::span<const std::uint32_t>> parts;
  std::size_t begin = 0;
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < pass.size(); ++i) {
    if (i > begin && (tokens >= enough || tokens + length(pass[i]) > most)) {
      parts.push_back(pass.subspan(begin, i - begin));
      begin = i;
      tokens = 0;
    }
    tokens += length(pass[i]);
  }
  parts.push_back(pass.subspan(begin));
  return parts;
}

std::vector<std::span<const std::uint32_t>> Order::passes(std::int64_t step) {
  const std::int64_t number = epoch_of(step);
  if (number != current_) {
    epoch_ = make(number);
    current_ = number;
  }
  std::vector<std::span<const std::uint32_t>> parts;
  auto pass = static_cast<std::size_t>((step - first_step(number)) * options_.accumulation);
  for (std::int64_t i = 0; i < options_.accumulation && pass + 1 < epoch_.cuts.size(); ++i, ++pass)
    parts.emplace_back(epoch_.order.data() + epoch_.cuts[pass], epoch_.cuts[pass + 1] - epoch_.cuts[pass]);
  return parts;
}

std::size_t Order::sorted_at_once() const {
  std::int64_t a_pass = options_.batch_size > 0 ? options_.batch_size : static_cast<std::int64_t>(lengths_.size());
  if (by_tokens())
    a_pass = std::min(a_pass, std::max<std::int64_t>(
                                  1, options_.max_batch_tokens * static_cast<std::int64_t>(lengths_.size()) / tokens_));
  return static_cast<std::size_t>(a_pass * kPassesSortedTogether);
}

Order::Epoch Order::make(std::int64_t number) const {
  Epoch epoch;
  epoch.order = permutation(lengths_.size(), Random(seed(), static_cast<std::uint64_t>(number)));
  if (options_.group_by_length) {
    const std::size_t most = sorted_at_once();
    for (std::size_t first = 0; first < epoch.order.size(); first += most) {
      const auto begin = epoch.order.begin() + static_cast<std::ptrdiff_t>(first);
      const auto end = begin + static_cast<std::ptrdiff_t>(std::min(most, epoch.order.size() - first));
      std::stable_sort(begin, end, [&](std::uint32_t a, std::uint32_t b) { return length(a) > length(b); });
    }
  }
  epoch.cuts = cut(epoch.order);
  if (options_.group_by_length) shuffle_passes(epoch, number);
  return epoch;
}

std::vector<std::size_t> Order::cut(const std::vector<std::uint32_t>& order) const {
  std::vector<std::size_t> cuts{0};
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool full = options_.batch_size > 0 && i - cuts.back() == static_cast<std::size_t>(options_.batch_size);
    const bool too_long = by_tokens() && tokens + length(order[i]) > options_.max_batch_tokens;
    if (full || too_long) {
      cuts.push_back(i);
      tokens = 0;
    }
    tokens += length(order[i]);
  }
  cuts.push_back(order.size());
  return cuts;
}

/// Passes in random order, else an epoch would go from long to short again and again. One that is not full stays last.
void Order::shuffle_passes(Epoch& epoch, std::int64_t number) const {
  const std::size_t passes = epoch.cuts.size() - 1;
  Epoch shuffled;
  shuffled.cuts.push_back(0);
  std::vector<std::uint32_t> turns =
      permutation(passes - 1, Random(seed(), kPassOrder + static_cast<std::uint64_t>(number)));
  turns.push_back(static_cast<std::uint32_t>(passes - 1));
  for (const std::uint32_t pass : turns) {
    shuffled.order.insert(shuffled.order.end(), epoch.order.begin() + static_cast<std::ptrdiff_t>(epoch.cuts[pass]),
                          epoch.order.begin() + static_cast<std::ptrdiff_t>(epoch.cuts[pass + 1]));
    shuffled.cuts.push_back(shuffled.order.size());
  }
  epoch = std::move(shuffled);
}

std::int64_t Order::first_step(std::int64_t epoch) {
  const auto steps_of = [&](std::size_t passes) {
    const auto per_step = static_cast<std::size_t>(options_.accumulation);
    return static_cast<std::int64_t>((passes + per_step - 1) / per_step);
  };
  if (!by_tokens()) {
    const auto size = static_cast<std::size_t>(options_.batch_size);
    return epoch * steps_of((lengths_.size() + size - 1) / size);
  }
  while (static_cast<std::int64_t>(first_steps_.size()) <= epoch) {
    const auto next = static_cast<std::int64_t>(first_steps_.size()) - 1;
    first_steps_.push_back(first_steps_.back() + steps_of(make(next).cuts.size() - 1));
  }
  return first_steps_[static_cast<std::size_t>(epoch)];
}

std::int64_t Order::epoch_of(std::int64_t step) {
  if (!by_tokens()) return step / first_step(1);
  while (first_steps_.back() <= step) first_step(static_cast<std::int64_t>(first_steps_.size()));
  const auto after = std::upper_bound(first_steps_.begin(), first_steps_.end(), step);
  return after - first_steps_.begin() - 1;
}

}  // namespace gpt

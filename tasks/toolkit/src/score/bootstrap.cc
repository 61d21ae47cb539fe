#include "gptask/toolkit/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "gpt/core/error.h"
#include "gpt/core/random.h"
#include "gptask/toolkit/scorers.h"

namespace gptask {
namespace {

using Json = nlohmann::ordered_json;

enum Stream : std::uint64_t { resamples = 0x626F6F74, swaps = 0x73776170 };

/// The values of each metric over the samples, in the order of the metrics.
struct Samples {
  std::vector<std::string> names;
  std::map<std::string, std::vector<double>> values;

  explicit Samples(const Json& metrics) {
    for (const auto& [name, value] : metrics.items())
      if (!is_count(name) && (value.is_number() || value.is_null())) names.push_back(name);
  }
  void add(const Json& metrics) {
    for (const std::string& name : names) {
      const Json& value = metrics.at(name);
      values[name].push_back(value.is_number() ? value.get<double>() : std::nan(""));
    }
  }

 private:
  static bool ends_with(std::string_view name, std::string_view end) {
    return name.size() >= end.size() && name.substr(name.size() - end.size()) == end;
  }
  static bool is_count(std::string_view name) { return ends_with(name, "total") || ends_with(name, "_thresh"); }
};

/// Linear between neighbours, as numpy.percentile; `sorted` is not empty.
double percentile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Json interval(std::vector<double> values) {
  values.erase(std::remove_if(values.begin(), values.end(), [](double value) { return !std::isfinite(value); }),
               values.end());
  if (values.empty()) return nullptr;
  std::sort(values.begin(), values.end());
  return Json::array({percentile(values, 0.025), percentile(values, 0.975)});
}

void draw(std::vector<std::uint32_t>& rows, std::size_t count, gpt::Random& random) {
  rows.resize(count);
  for (std::uint32_t& row : rows) row = random.below(static_cast<std::uint32_t>(count));
}

/// (count(statistic > difference) + 1) / (samples + 1); systems that never differ are equal
double p_value(const std::vector<double>& statistics, double difference) {
  if (difference == 0 && std::all_of(statistics.begin(), statistics.end(), [](double s) { return s == 0; })) return 1;
  const auto beyond = std::count_if(statistics.begin(), statistics.end(), [&](double s) { return s > difference; });
  return (static_cast<double>(beyond) + 1) / (static_cast<double>(statistics.size()) + 1);
}

std::vector<double> differences(const Samples& first, const Samples& second, const std::string& name) {
  const std::vector<double>&a = first.values.at(name), &b = second.values.at(name);
  std::vector<double> result;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::isfinite(a[i]) && std::isfinite(b[i])) result.push_back(b[i] - a[i]);
  return result;
}

/// What the metrics of both systems are in each trial.
struct Trials {
  Samples first, second;
};

Trials resample(const gpt::Scorer& first, const gpt::Scorer& second, const PairedOptions& options) {
  Trials trials{Samples(first.all()), Samples(second.all())};
  gpt::Random random(options.seed, Stream::resamples);
  std::vector<std::uint32_t> rows;
  for (std::int64_t i = 0; i < (options.samples > 0 ? options.samples : 1000); ++i) {
    draw(rows, first.rows(), random);
    trials.first.add(first.metrics(rows));
    trials.second.add(second.metrics(rows));
  }
  return trials;
}

/// Each trial swaps what both systems have for a row, or leaves it, by the toss of a coin.
Trials randomize(const gpt::Scorer& first, const gpt::Scorer& second, const PairedOptions& options) {
  const ScorerPointer both = first.followed_by(second);
  Trials trials{Samples(both->all()), Samples(both->all())};
  gpt::Random random(options.seed, Stream::swaps);
  const auto rows = static_cast<std::uint32_t>(first.rows());
  std::vector<std::uint32_t> of_first(rows), of_second(rows);
  for (std::int64_t trial = 0; trial < (options.samples > 0 ? options.samples : 10000); ++trial) {
    for (std::uint32_t i = 0; i < rows; ++i) {
      const bool swap = (random.next() & 1) != 0;
      of_first[i] = swap ? i + rows : i;
      of_second[i] = swap ? i : i + rows;
    }
    trials.first.add(both->metrics(of_first));
    trials.second.add(both->metrics(of_second));
  }
  return trials;
}

}  // namespace

Json bootstrap_intervals(const gpt::Scorer& scorer, const BootstrapOptions& options) {
  Json intervals = Json::object();
  if (options.samples <= 0 || scorer.rows() == 0) return intervals;
  Samples samples(scorer.all());
  gpt::Random random(options.seed, Stream::resamples);
  std::vector<std::uint32_t> rows;
  for (std::int64_t i = 0; i < options.samples; ++i) {
    draw(rows, scorer.rows(), random);
    samples.add(scorer.metrics(rows));
  }
  for (const std::string& name : samples.names) intervals[name] = interval(samples.values[name]);
  return intervals;
}

PairedTest parse_paired_test(std::string_view name) {
  if (name == "bootstrap") return PairedTest::bootstrap;
  if (name == "randomization") return PairedTest::randomization;
  gpt::fail(gpt::ErrorCode::invalid_option, "--paired_test {}: choose bootstrap or randomization", name);
}

Json paired_test(const gpt::Scorer& first, const gpt::Scorer& second, const PairedOptions& options) {
  if (first.rows() != second.rows())
    gpt::fail(gpt::ErrorCode::mismatch, "a paired test needs the same rows, but there are {} and {}", first.rows(),
              second.rows());
  Json result = Json::object();
  if (first.rows() == 0) return result;
  const Json real_a = first.all(), real_b = second.all();
  const bool bootstrap = options.test == PairedTest::bootstrap;
  const Trials trials = (bootstrap ? resample : randomize)(first, second, options);
  for (const std::string& name : trials.first.names) {
    if (!real_a.at(name).is_number() || !real_b.contains(name) || !real_b.at(name).is_number()) continue;
    const double difference = real_b.at(name).get<double>() - real_a.at(name).get<double>();
    const std::vector<double> sampled = differences(trials.first, trials.second, name);
    if (!std::isfinite(difference) || sampled.empty()) continue;
    std::vector<double> statistics;
    for (const double value : sampled) statistics.push_back(std::abs(value));
    // The bootstrap's differences scatter around the real one: their mean is taken off, so that they scatter around 0.
    const double mean =
        std::accumulate(statistics.begin(), statistics.end(), 0.0) / static_cast<double>(statistics.size());
    if (bootstrap)
      for (double& value : statistics) value -= mean;
    result[name] = {{"difference", difference},
                    {"interval", bootstrap ? interval(sampled) : Json()},
                    {"p_value", p_value(statistics, std::abs(difference))}};
  }
  return result;
}

}  // namespace gptask

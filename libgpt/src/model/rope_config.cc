#include "model/rope_config.h"

#include <algorithm>
#include <cmath>

#include "gpt/core/error.h"

namespace gpt {
namespace {

struct Rope {
  std::optional<double> theta, part;
  std::optional<RopeScaling> scaling;
};

RopeScaling read_scaling(const ConfigReader& read) {
  const RopeScaling scaling{read.number_or("factor", 0), read.number_or("low_freq_factor", 0),
                            read.number_or("high_freq_factor", 0), read.size("original_max_position_embeddings")};
  if (!(scaling.factor >= 1) || !(scaling.low_frequency_factor > 0) ||
      !(scaling.high_frequency_factor > scaling.low_frequency_factor) || std::isinf(scaling.factor) ||
      std::isinf(scaling.high_frequency_factor))
    fail(ErrorCode::malformed,
         "{}: llama3 positions need a factor of at least 1 and 0 < low_freq_factor < high_freq_factor, not {}, {} and "
         "{}",
         read.where(), scaling.factor, scaling.low_frequency_factor, scaling.high_frequency_factor);
  return scaling;
}

/// rope_parameters or rope_scaling: an object.
Rope read_object(const ConfigReader& outer, const std::string& key) {
  Rope rope;
  if (!outer.has(key)) return rope;
  const nlohmann::json& json = outer.json().at(key);
  if (!json.is_object())
    fail(ErrorCode::malformed, "{}: {} must be an object, not {}", outer.where(), key, json.dump());
  const ConfigReader read(json, fmt::format("{}: {}", outer.where(), key));
  for (const char* type : {"rope_type", "type"}) read.only(type, {"default", "llama3"});
  const std::string type = read.text_or("rope_type", read.text_or("type", "default"));
  if (read.has("rope_theta")) rope.theta = read.number_or("rope_theta", 0);
  if (read.has("partial_rotary_factor")) rope.part = read.number_or("partial_rotary_factor", 0);
  if (type == "llama3") rope.scaling = read_scaling(read);
  read.refuse_others();
  return rope;
}

nlohmann::ordered_json scaling_json(const RopeScaling& scaling) {
  return {{"factor", scaling.factor},
          {"high_freq_factor", scaling.high_frequency_factor},
          {"low_freq_factor", scaling.low_frequency_factor},
          {"original_max_position_embeddings", scaling.original_context},
          {"rope_type", "llama3"}};
}

}  // namespace

void read_rope(const ConfigReader& read, ModelConfig& c, const RopeKeys& keys) {
  const Rope five = read_object(read, "rope_parameters"), four = read_object(read, "rope_scaling");
  if (read.has("rope_parameters") && read.has("rope_scaling") && five.scaling != four.scaling)
    fail(ErrorCode::mismatch, "{}: rope_scaling and rope_parameters say different things", read.where());
  c.rope_scaling = five.scaling ? five.scaling : four.scaling;
  const double theta = read.number_or(keys.theta, 10000), part = read.number_or(keys.rotated_part, keys.default_part);
  c.rope_theta = five.theta.value_or(four.theta.value_or(theta));
  const double used = five.part.value_or(four.part.value_or(part));
  if (!(*c.rope_theta > 0) || std::isinf(*c.rope_theta))
    fail(ErrorCode::malformed, "{}: rope_theta must be a positive number, not {}", read.where(), *c.rope_theta);
  if (!(used > 0 && used <= 1))
    fail(ErrorCode::malformed, "{}: {} must be above 0 and at most 1, not {}", read.where(), keys.rotated_part, used);
  if (keys.default_part == 1 && used != 1)
    fail(ErrorCode::unsupported, "{}: {} = {} is not supported, only 1", read.where(), keys.rotated_part, used);
  c.rotated = used == 1 ? 0 : static_cast<std::int64_t>(static_cast<double>(c.head_size) * used);
}

void write_rope(const ModelConfig& c, nlohmann::ordered_json& json, const RopeKeys& keys) {
  const double theta = c.rope_theta.value_or(10000);
  nlohmann::ordered_json parameters{{"rope_theta", theta}, {"rope_type", "default"}};
  if (c.rope_scaling) {
    json["rope_scaling"] = scaling_json(*c.rope_scaling);
    parameters.update(json["rope_scaling"]);
  }
  if (keys.default_part != 1) {
    const double part =
        c.rotated == 0 ? 1.0
                       : static_cast<double>(c.rotated) / static_cast<double>(std::max<std::int64_t>(1, c.head_size));
    json[keys.rotated_part] = part;
    parameters["partial_rotary_factor"] = part;
  }
  json[keys.theta] = theta;
  json["rope_parameters"] = parameters;
}

std::vector<float> rope_divisors(const ModelConfig& c) {
  std::vector<float> divisors;
  for (std::int64_t pair = 0; pair < c.head_size / 2; ++pair)
    divisors.push_back(rope_frequency(pair, c.head_size, c.rope_theta.value_or(10000), std::nullopt) /
                       rope_frequency(pair, c.head_size, c.rope_theta.value_or(10000), c.rope_scaling));
  return divisors;
}

std::optional<RopeScaling> read_gguf_rope_scaling(const GgufFile& file, const ModelConfig& c) {
  const StoredTensor* stored = file.find("rope_freqs.weight");
  if (stored == nullptr) return std::nullopt;
  const auto pairs = static_cast<std::size_t>(c.head_size / 2);
  std::vector<float> divisors(pairs);
  if (pairs == 0 || stored->type != StoredType::f32 || stored->elements() != static_cast<std::int64_t>(pairs))
    fail(ErrorCode::mismatch, "{}: rope_freqs.weight must hold {} numbers of type f32", file.path().string(), pairs);
  read_f32(*stored, 0, divisors);
  const auto frequency = [&](std::size_t i) {
    return static_cast<double>(rope_frequency(static_cast<std::int64_t>(i), c.head_size, *c.rope_theta, std::nullopt));
  };
  // Between the ends 1 / divisor falls from 1 to 1 / factor: 1 / factor + (1 - 1 / factor) slope, where the slope is
  // (context / wavelength - low) / (high - low). With low = 1, two points of the line give high and the context.
  const double largest = static_cast<double>(*std::max_element(divisors.begin(), divisors.end()));
  const double factor = std::round(largest * 1000) / 1000;
  std::vector<std::pair<double, double>> line;  // 1 / wavelength, slope
  for (std::size_t i = 0; i < pairs; ++i)
    if (const auto d = static_cast<double>(divisors[i]); d > 1 && d < largest)
      line.emplace_back(frequency(i) / 6.283185307179586, (1 / d - 1 / factor) / (1 - 1 / factor));
  if (line.size() >= 2) {
    const double rise = (line.front().second - line.back().second) / (line.front().first - line.back().first);
    const double high = 1 - 1 / (line.front().second - rise * line.front().first);
    const double context = rise * (high - 1);
    bool fits = high > 1 && high < 1e6 && context >= 1 && context < 1e9;
    const RopeScaling scaling{factor, 1, std::round(high * 1000) / 1000, fits ? std::llround(context) : 1};
    for (std::size_t i = 0; i < pairs && fits; ++i) {
      const auto scaled =
          static_cast<double>(rope_frequency(static_cast<std::int64_t>(i), c.head_size, *c.rope_theta, scaling));
      fits = std::abs(scaled * static_cast<double>(divisors[i]) / frequency(i) - 1) < 1e-4;
    }
    if (fits) return scaling;
  }
  fail(ErrorCode::unsupported, "{}: the scaled rotary positions of rope_freqs.weight are not those of Llama 3",
       file.path().string());
}

}  // namespace gpt

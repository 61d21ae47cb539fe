// Cases of ../shared/reference/models: a checkpoint, an input, and what PyTorch computed.
#pragma once

#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "gpt/head/language_model_head.h"
#include "gpt/io/json.h"
#include "gpt/io/safetensors.h"
#include "gpt/model/decoder.h"
#include "gpt/model/files.h"
#include "gpt/model/lora.h"
#include "gpt/ops/linear.h"
#include "gpt/ops/pool.h"
#include "gpt/train/trainer.h"
#include "support/catch.h"

namespace gpt::test {

/// Transformers' sequence classification head: the last token's state times score.weight.
class ScoreHead final : public Head {
 public:
  ScoreHead(std::int64_t labels, std::int64_t hidden)
      : weight_(parameter("score.weight", Shape::matrix(labels, hidden), 0, random_)) {}
  Variable forward(const Hidden& hidden, const Batch& batch) override {
    return linear(pool_last(hidden.states, batch), weight_);
  }

 private:
  Random random_{0};
  Parameter& weight_;
};

class ReferenceCase {
 public:
  explicit ReferenceCase(const std::filesystem::path& folder)
      : folder(folder), numbers(read_json_file(folder / "reference.json")), tensors(folder / "reference.safetensors") {
    const std::vector<float> ids = values("input_ids");
    const std::vector<float> labels = tensors.find("labels") != nullptr ? values("labels") : std::vector<float>();
    std::size_t token = 0, sequence = 0;
    for (const auto& length : numbers.at("lengths")) {
      Example& example = examples.emplace_back();
      for (int i = 0; i < length.get<int>(); ++i) example.tokens.push_back(static_cast<std::int32_t>(ids.at(token++)));
      if (sequence < labels.size()) example.target.label = static_cast<std::int32_t>(labels[sequence]);
      ++sequence;
    }
  }

  std::vector<float> values(const std::string& name) const {
    const StoredTensor* stored = tensors.find(name);
    REQUIRE(stored != nullptr);
    std::vector<float> out(static_cast<std::size_t>(stored->elements()));
    read_f32(*stored, 0, out);
    return out;
  }

  Batch batch() const {
    Batch all;
    for (const Example& example : examples) all.add(example);
    return all;
  }

  /// The hyper-parameters of the 20 steps, the six sequences in `parts` passes.
  TrainOptions options(std::int64_t parts = 1) const {
    TrainOptions o;
    o.max_steps = numbers.at("steps").get<std::int64_t>();
    o.warmup_steps = numbers.at("warmup_steps").get<std::int64_t>();
    o.learning_rate = numbers.at("learning_rate").get<double>();
    o.weight_decay = numbers.at("weight_decay").get<double>();
    o.max_grad_norm = numbers.at("max_grad_norm").get<double>();
    o.batch_size = static_cast<std::int64_t>(examples.size()) / parts;
    o.accumulation = parts;
    return o;
  }

  std::filesystem::path folder;
  nlohmann::json numbers;
  SafetensorsFile tensors;
  std::vector<Example> examples;
};

inline double largest_difference(std::span<const float> a, std::span<const float> b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    largest = difference > largest || std::isnan(difference) ? difference : largest;
  }
  return largest;
}

inline double largest_entry(std::span<const float> a) {
  double largest = 0;
  for (const float v : a) largest = std::max(largest, std::abs(static_cast<double>(v)));
  return largest;
}

}  // namespace gpt::test

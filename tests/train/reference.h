// Cases of ../shared/reference/models: a checkpoint, an input, and what PyTorch computed.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "gpt/head/language_model_head.h"
#include "gpt/head/sequence_head.h"
#include "gpt/head/span_head.h"
#include "gpt/io/json.h"
#include "gpt/io/safetensors.h"
#include "gpt/model/decoder.h"
#include "gpt/model/files.h"
#include "gpt/model/lora.h"
#include "gpt/train/trainer.h"
#include "support/catch.h"

namespace gpt::test {

class ReferenceCase {
 public:
  explicit ReferenceCase(const std::filesystem::path& folder)
      : folder(folder), numbers(read_json_file(folder / "reference.json")), tensors(folder / "reference.safetensors") {
    const std::vector<float> ids = values("input_ids");
    std::size_t token = 0;
    for (const auto& length : numbers.at("lengths")) {
      Example& example = examples.emplace_back();
      for (int i = 0; i < length.get<int>(); ++i) example.tokens.push_back(static_cast<std::int32_t>(ids.at(token++)));
    }
    if (tensors.find("labels") != nullptr) read_targets(values("labels"));
  }

  std::string task() const { return numbers.at("task").get<std::string>(); }
  /// Outputs of a head over sequences.
  std::int64_t outputs() const { return tensors.find("logits")->shape.back(); }

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

 private:
  void read_targets(const std::vector<float>& labels) {
    const std::size_t each = labels.size() / examples.size();
    for (std::size_t i = 0; i < examples.size(); ++i) {
      Target& target = examples[i].target;
      const auto number = [&](std::size_t k) { return static_cast<std::int32_t>(labels.at(i * each + k)); };
      if (task() == "question-answering") {
        target.first = number(0);
        target.last = number(1);
      } else if (task() == "multi-label" || task() == "regression") {
        target.values.assign(labels.begin() + static_cast<std::ptrdiff_t>(i * each),
                             labels.begin() + static_cast<std::ptrdiff_t>((i + 1) * each));
      } else {
        target.label = number(0);
      }
    }
  }
};

/// The head that the case's task has.
inline std::unique_ptr<Head> make_head(const ReferenceCase& c, const Decoder& decoder) {
  const std::int64_t hidden = decoder.config().hidden;
  Random random(1);
  if (c.task() == "causal-lm" || c.task() == "lora")
    return std::make_unique<LanguageModelHead>(decoder.output_projection());
  if (c.task() == "question-answering") return std::make_unique<SpanHead>(hidden, 0, random);
  SequenceHeadOptions options;
  if (c.task() == "multi-label") options.loss = SequenceLoss::binary_cross_entropy;
  if (c.task() == "regression") options.loss = SequenceLoss::squared_error;
  return std::make_unique<SequenceHead>(hidden, c.outputs(), 0, random, options);
}

/// Folders of reference values that hold a model or an adapter.
inline std::vector<std::filesystem::path> reference_folders(const std::filesystem::path& reference) {
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(reference / "models"))
    if (std::filesystem::exists(entry.path() / "reference.json")) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  return folders;
}

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

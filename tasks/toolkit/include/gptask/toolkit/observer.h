// What a long run tells whoever started it, and how it is asked to stop.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "gpt/train/trainer.h"

namespace gptask {

/// All calls come from the thread that called finetune() or evaluate(). The defaults do nothing.
class Observer {
 public:
  virtual ~Observer();
  /// A new part of the run begins: "reading train.csv".
  virtual void stage(std::string_view what);
  /// Something a user should know: texts that were cut, rows that were left out.
  virtual void notice(std::string_view what);
  /// How many rows of the file were read so far.
  virtual void rows_read(std::uint64_t rows);
  virtual void training(const gpt::TrainPlan& plan);
  virtual void stepped(const gpt::StepRecord& record);
  /// Inference: `done` of `total` examples.
  virtual void inferred(std::size_t done, std::size_t total);
  /// An evaluation ended; `epoch` says when.
  virtual void evaluated(double epoch, const nlohmann::ordered_json& metrics);
  /// A text that the model being trained wrote at step `step`.
  virtual void sampled(std::int64_t step, std::string_view text);
  /// Asked often. Once true, training saves a checkpoint and the run returns; anything else ends with Error
  /// interrupted.
  virtual bool stop_requested();
};

}  // namespace gptask

// Everything a fine-tuning run reads: model, tokenizer, examples; and the weights it is going to train.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "gpt/model/decoder.h"
#include "gpt/plugin/task.h"
#include "gpt/tensor/parallel.h"
#include "gptask/toolkit/memory.h"
#include "gptask/toolkit/observer.h"
#include "gptask/toolkit/request.h"

namespace gptask {

struct Inputs {
  std::filesystem::path model_path;
  std::string model_hash;
  std::unique_ptr<gpt::Threads> threads;
  std::unique_ptr<gpt::Task> task;
  std::shared_ptr<const gpt::Tokenizer> tokenizer;
  std::unique_ptr<gpt::Decoder> decoder;
  std::unique_ptr<gpt::Head> head;
  std::unique_ptr<gpt::TaskData> train, validation, mismatched, test;  ///< all but the first may be null
  std::int64_t max_tokens = 0;
  bool bf16 = false;                           ///< asked for, and the machine has it
  std::int64_t parameters = 0, trainable = 0;  ///< numbers, of decoder and head
  std::int64_t gradients = 0;                  ///< numbers that they have room for
  MemoryEstimate memory;
};

/// Reads files, then weights; ready to train.
Inputs read_inputs(const FinetuneRequest& request, Observer& observer);

/// Which flags would make the run smaller.
std::string memory_advice(const FinetuneRequest& request);

/// What must be equal for a run to be resumed: name -> value.
nlohmann::ordered_json fingerprint(const FinetuneRequest& request, const Inputs& inputs);

/// What a request asks for, before anything is read.
nlohmann::ordered_json requested(const FinetuneRequest& request);

/// All settings as the report, gptask.json and --dry-run show them.
nlohmann::ordered_json settings(const FinetuneRequest& request, const Inputs& inputs);

/// Rows read, cut and left out: {"file", "examples", "truncated", "skipped"}; by "train", "validation" and "test".
nlohmann::ordered_json data_summary(const gpt::TaskData& data);
nlohmann::ordered_json data_summary(const Inputs& inputs);

/// Notices for texts that were cut and rows that were left out.
void tell_counts(const gpt::TaskData& data, Observer& observer);

/// For gpt::Reading: tells the observer, and stops where it asks for it.
std::function<void(std::uint64_t)> reading_progress(Observer& observer);

/// Error interrupted if the observer asks to stop.
void check_stop(Observer& observer);

}  // namespace gptask

// Pre-training: a language model from nothing but text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gpt/model/config.h"
#include "gpt/train/options.h"
#include "gptask/toolkit/observer.h"

namespace gptask {

struct TokenizerRequest {
  std::vector<std::string> train_files;  ///< as expand_files takes them
  std::string text_column;
  std::filesystem::path output_dir;  ///< new, empty, or a folder without tokenizer.json
  std::int64_t vocabulary = 30000, min_frequency = 0;
  std::vector<std::string> special_tokens = {"<|endoftext|>"};
  std::string pad;
  bool add_prefix_space = false;
};

struct TokenizerResult {
  std::int64_t vocabulary = 0, words = 0, different_words = 0, text_bytes = 0;
};

/// Counts the words of the files (a line of a plain text is a text, as tokenizer.train(files) has it; a row is one) and
/// writes tokenizer.json and tokenizer_config.json. Errors: invalid_option, those of DocumentReader.
TokenizerResult train_tokenizer(const TokenizerRequest& request, Observer& observer);

/// A configuration by name (nano, micro, mini, small) in the shape of a family (llama, gpt2), or "gpt2": the smallest
/// of Radford et al., 2019, which has its own; no dropout. Error invalid_option for another name. Vocabulary and
/// special tokens are still to be set.
gpt::ModelConfig preset(const std::string& name, const std::string& model_type);

struct PretrainRequest {
  std::string config_name;            ///< of a preset
  std::string model_type = "llama";   ///< its shape
  std::filesystem::path config_file;  ///< or a config.json
  std::int64_t context = 0;           ///< tokens of a window; 0: what the model takes
  std::filesystem::path tokenizer;
  std::vector<std::string> train_files, validation_files;  ///< the latter may be empty
  std::string text_column;
  std::filesystem::path output_dir;
  gpt::TrainOptions train;
  std::int64_t eval_batch_size = 16;
  std::int64_t max_eval_samples = 0;  ///< windows of an evaluation on the way; 0: all
  std::vector<std::string> sample_prompts;
  std::int64_t sample_tokens = 60;
  int threads = 0;
  bool bf16 = false;                    ///< products in bfloat16 where the machine has them
  bool gradient_checkpointing = false;  ///< see Decoder::set_gradient_checkpointing
  std::int64_t memory_limit = 0;        ///< bytes that the process may hold; 0: what the machine has
  bool init_only = false;               ///< write the random weights and train nothing
  bool overwrite = false, resume = false;
  std::filesystem::path checkpoint;  ///< with resume: this one; empty: the newest
};

struct PretrainResult {
  bool stopped = false;
  std::filesystem::path checkpoint;  ///< where stopped
  std::filesystem::path report;
  nlohmann::ordered_json results;  ///< all_results.json
};

/// Texts -> a folder that Transformers loads as a causal language model. Documents are joined, each followed by the
/// tokenizer's end token, and cut into full windows; attention reaches over the end token.
PretrainResult pretrain(const PretrainRequest& request, Observer& observer);

}  // namespace gptask

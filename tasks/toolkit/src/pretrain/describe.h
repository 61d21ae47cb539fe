// A pre-training run in words and pictures, and the files of the model it made.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gpt/data/token_file.h"
#include "gpt/model/decoder.h"
#include "gpt/text/tokenizer.h"
#include "gptask/toolkit/pretrain.h"
#include "run/results.h"

namespace gptask {

struct PretrainInputs {
  std::shared_ptr<const gpt::Tokenizer> tokenizer;
  gpt::ModelConfig config;
  std::int64_t context = 0, parameters = 0;
  std::vector<std::filesystem::path> train_files, validation_files;
};

/// The preset or file that the request names, with the tokenizer's vocabulary and special tokens. Errors:
/// invalid_option, mismatch (a config.json with a smaller vocabulary than the tokenizer's).
gpt::ModelConfig model_config(const PretrainRequest& request, const gpt::Tokenizer& tokenizer);

/// UTF-8 bytes that a token stands for, on average: nats a token / ln 2 / this are bits a byte.
double bytes_per_token(const gpt::TokenFileInfo& info);

/// What must be equal for a run to be resumed.
Json fingerprint(const PretrainRequest& request, const PretrainInputs& inputs);

/// config.json, model.safetensors, generation_config.json and the tokenizer's files.
void write_language_model(const gpt::Decoder& decoder, const gpt::Tokenizer& tokenizer,
                          const std::filesystem::path& folder);

struct Outcome {
  const PretrainRequest& request;
  const PretrainInputs& inputs;
  const gpt::TokenFileInfo& train;
  const std::vector<gpt::StepRecord>& records;
  const std::vector<Json>& evaluations;
  const Json& results;
  const gpt::TokenFileInfo* validation;  ///< null where there was none
};

std::string model_card(const Outcome& outcome);     ///< README.md
std::string report_page(const Outcome& outcome);    ///< report.html
std::string curve_picture(const Outcome& outcome);  ///< an SVG that stands alone

}  // namespace gptask

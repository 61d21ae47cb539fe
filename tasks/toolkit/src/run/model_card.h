// README.md of a run folder: what the model is, how it was made, how good it is.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gptask/toolkit/request.h"
#include "run/inputs.h"

namespace gptask {

struct ModelCard {
  const FinetuneRequest& request;
  const Inputs& inputs;
  const gpt::Evaluation& evaluation;
  const nlohmann::ordered_json& results;
};

/// Markdown with the front matter that model hubs read.
std::string model_card(const ModelCard& card);

}  // namespace gptask

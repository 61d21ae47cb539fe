#include "gptask/toolkit/language_model.h"

#include "gpt/core/error.h"
#include "gpt/core/log.h"
#include "gpt/generate/config.h"
#include "gpt/model/lora.h"
#include "gptask/toolkit/models.h"
#include "run/adapters.h"

namespace gptask {
namespace fs = std::filesystem;

const gpt::Tokenizer& LanguageModel::needs_tokenizer() const {
  if (tokenizer == nullptr)
    gpt::fail(gpt::ErrorCode::not_found,
              "{}: no tokenizer there: put tokenizer.json beside the weights, or give tokens "
              "as ids",
              path.string());
  return *tokenizer;
}

MemoryEstimate LanguageModel::memory(std::int64_t work) const { return meter.with(decoder->weight_bytes(), work); }

LanguageModel load_language_model(const std::string& name, gpt::Threads& threads, const gpt::GenerateOptions& defaults,
                                  gpt::Precision precision) {
  LanguageModel model;
  model.path = find_model(name);
  const bool adapter = is_adapter(model.path);
  const fs::path weights = adapter ? find_base(model.path) : model.path;
  model.tokenizer = find_tokenizer(model.path, weights);
  model.options = gpt::read_generation_config(weights, defaults);
  if (adapter) model.options = gpt::read_generation_config(model.path, model.options);
  model.meter.weights_begin();
  threads.run([&] {
    model.decoder = gpt::Decoder::load(weights);
    if (adapter) {
      gpt::load_adapter(*model.decoder, model.path);
      model.decoder->merge_lora();
    }
    if (!model.decoder->set_precision(precision))
      gpt::log_warning("this machine has no bfloat16 products: float32 is used");
  });
  model.meter.weights_end();
  return model;
}

}  // namespace gptask

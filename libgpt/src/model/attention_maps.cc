#include "gpt/model/attention_maps.h"

#include "gpt/core/error.h"
#include "gpt/model/decoder.h"
#include "gpt/model/kv_cache.h"
#include "gpt/tensor/parallel.h"

namespace gpt {

std::vector<Tensor> attention_maps(const Decoder& decoder, std::span<const std::int32_t> tokens, Threads& threads) {
  const ModelConfig& config = decoder.config();
  const auto count = static_cast<std::int64_t>(tokens.size());
  if (count < 1 || count > config.context)
    fail(ErrorCode::invalid_option, "attention is shown of 1 to {} tokens (the model's context), not {}",
         config.context, count);
  std::vector<Tensor> maps;
  KvCache cache(config, 1, count);
  cache.watch(&maps);
  Batch batch;
  batch.add({{tokens.begin(), tokens.end()}, {}});
  Arena arena;
  threads.run([&] {
    Tape tape(arena, false);
    decoder.forward(tape, batch, StateRows::every, &cache);
  });
  return maps;
}

}  // namespace gpt

#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/model/decoder.h"
#include "gpt/tensor/parallel.h"
#include "gpt/train/trainer.h"

namespace gpt {

MeanLoss mean_loss(const Decoder& decoder, Head& head, const ExampleSource& examples,
                   std::span<const std::uint32_t> indices, std::int64_t batch_size, Threads& threads,
                   const std::function<void(std::size_t)>& progress) {
  if (batch_size < 1) fail(ErrorCode::invalid_option, "the batch size must be a positive number, not {}", batch_size);
  MeanLoss result;
  threads.run([&] {
    Arena arena;
    for (std::size_t first = 0; first < indices.size(); first += static_cast<std::size_t>(batch_size)) {
      const auto some = indices.subspan(first, std::min(static_cast<std::size_t>(batch_size), indices.size() - first));
      const Batch batch = pack(examples, some);
      const std::int64_t terms = head.loss_terms(batch);
      Tape tape(arena, false);
      const Variable outputs = head.forward(decoder.forward(tape, batch, head.state_rows()), batch);
      const Variable loss = head.loss(outputs, batch, 1.0F / static_cast<float>(std::max<std::int64_t>(1, terms)));
      result.loss += static_cast<double>(loss.value().data()[0]) * static_cast<double>(terms);
      result.terms += terms;
      if (progress) progress(first + some.size());
    }
  });
  if (result.terms > 0) result.loss /= static_cast<double>(result.terms);
  return result;
}

}  // namespace gpt

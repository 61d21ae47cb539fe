#include "gpt/model/decoder.h"
#include "gpt/tensor/parallel.h"
#include "gpt/train/features.h"
#include "gpt/train/trainer.h"
#include "train/sorted_batches.h"

namespace gpt {

std::vector<std::vector<float>> infer(const Decoder& decoder, Head& head, std::span<const Example> examples,
                                      std::int64_t batch_size, Threads& threads,
                                      const std::function<void(std::size_t)>& progress, const Features* features) {
  std::vector<std::vector<float>> outputs(examples.size());
  threads.run([&] {
    Arena arena;
    for_sorted_batches(examples, batch_size, progress, [&](std::span<const std::uint32_t> indices) {
      const Batch batch = pack(examples, indices);
      Tape tape(arena, false);
      const Hidden hidden =
          features != nullptr ? features->hidden(tape, indices) : decoder.forward(tape, batch, head.state_rows());
      const Variable rows = head.forward(hidden, batch);
      for (std::size_t i = 0; i < indices.size(); ++i) {
        const auto example = static_cast<std::int32_t>(i);
        const auto row = [&](std::int32_t e) -> std::int64_t {
          return head.per_token() ? batch.offsets[static_cast<std::size_t>(batch.first_sequence(e))] : e;
        };
        outputs[indices[i]].assign(rows.value().row(row(example)), rows.value().row(row(example + 1)));
      }
    });
  });
  return outputs;
}

}  // namespace gpt

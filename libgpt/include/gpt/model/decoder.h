// The decoder-only Transformer: batch -> hidden states. One class for all families.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/data/example.h"
#include "gpt/model/config.h"
#include "gpt/model/hidden.h"
#include "gpt/ops/variable.h"

namespace gpt {

class KvCache;
class WeightSource;
struct LoraOptions;

class Decoder {
 public:
  /// Random weights as the family initializes them (normal, initializer_range).
  static std::unique_ptr<Decoder> create(const ModelConfig& config, std::uint64_t seed);
  /// Divides the maps that add to the residual stream by sqrt(2 layers), as GPT-2 starts (Radford et al., 2019, 2.3).
  void scale_residual_projections();
  /// A Hugging Face folder (config.json + safetensors) or a .gguf file. Float32 weights are used where they lie; others
  /// are widened once, on the threads of the surrounding Threads::run. Errors: not_found, unsupported (architecture or
  /// setting, by name), mismatch (a tensor's shape against the configuration, naming both).
  static std::unique_ptr<Decoder> load(const std::filesystem::path& path);
  ~Decoder();

  const ModelConfig& config() const noexcept;
  /// The states after the final norm. May be called from many threads at once, each with its own tape.
  /// With a cache (inference only), the batch's sequences continue the cache's: batch.past says how many tokens each
  /// has there, and their keys and values join them. Error mismatch where the two disagree.
  Hidden forward(Tape& tape, const Batch& batch, StateRows rows = StateRows::every, KvCache* cache = nullptr) const;

  /// Whether forward on a tape that records keeps no more of a block than its input, and computes it anew on the way
  /// back ("Training Deep Nets with Sublinear Memory Cost", Chen et al., 2016): the same gradients to the last bit,
  /// less memory, more time.
  void set_gradient_checkpointing(bool on) noexcept;

  /// All weights, adapters last, in a fixed order.
  std::vector<Parameter*> parameters() const;
  /// Memory of all weights as they are held now, copies in other precisions among them.
  std::int64_t weight_bytes() const;
  /// Everything trains / nothing does.
  void set_trainable(bool on);
  /// The output projection [vocabulary, hidden]: the token embedding where tied. Error not_found where the files left
  /// it out.
  Parameter& output_projection() const;

  /// How the matrices are held from now on. bfloat16 keeps float32 beside it; false where this machine has no bfloat16
  /// products: nothing changes. int8 and int4 (the output projection stays int8) replace float32 and are for inference:
  /// nothing trains or is saved afterwards.
  bool set_precision(Precision precision);

  /// Rows for tokens that the tokenizer got after this model was made: the tables have `vocabulary` rows from now on,
  /// and those from `first` on are drawn anew (normal, initializer_range). With adapters these rows of the token
  /// embedding train beside them; call it before add_lora. Error invalid_option where first is above the present
  /// vocabulary.
  void add_tokens(std::int64_t first, std::int64_t vocabulary, std::uint64_t seed);
  /// The first row that add_tokens made; the size of the vocabulary where it made none.
  std::int64_t first_new_token() const noexcept;

  Parameter& token_embedding() const;  ///< [vocabulary, hidden]

  /// What a token's products are made of, for counting work and memory traffic.
  struct ProductWeights {
    std::int64_t blocks = 0;     ///< weights of the blocks' projections
    std::int64_t last_rows = 0;  ///< those of them that meet no other rows under StateRows::last
    std::int64_t output = 0;     ///< of the output projection; 0 where the files left it out
    std::int64_t bytes = 0;      ///< of blocks and output, as set_precision left them: what decoding a token reads
  };
  ProductWeights product_weights() const;

  /// Adds adapters to the named projections (see model/lora.h), B zero and A random, and makes them the only trainable
  /// weights. Error invalid_option for a target that no projection bears.
  void add_lora(const LoraOptions& options, std::uint64_t seed);
  bool has_lora() const noexcept;
  const LoraOptions& lora() const;  ///< has_lora() only
  /// Folds the adapters into the weights they sit on.
  void merge_lora();

 private:
  struct Impl;
  explicit Decoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gpt

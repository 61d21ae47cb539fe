#include "model/family.h"

#include <algorithm>
#include <array>

#include "gpt/core/error.h"
#include "model/families.h"

namespace gpt {

Family::~Family() = default;

std::span<const Family* const> families() {
  static const std::array<const Family*, 6> all{&gpt2_family(),  &llama_family(),   &qwen2_family(),
                                                &qwen3_family(), &mistral_family(), &gpt_neox_family()};
  return all;
}

const Family& family(std::string_view model_type) {
  std::vector<std::string_view> known;
  for (const Family* candidate : families()) {
    if (candidate->model_type() == model_type) return *candidate;
    known.push_back(candidate->model_type());
  }
  fail(ErrorCode::unsupported, "the architecture \"{}\" is not supported; this build knows {}", model_type,
       fmt::join(known, ", "));
}

void check_config(const ModelConfig& c, std::string_view where) {
  if (c.kv_heads == 0 || c.heads % c.kv_heads != 0)
    fail(ErrorCode::mismatch, "{}: {} attention heads cannot share {} key-value heads evenly", where, c.heads,
         c.kv_heads);
  if (const std::int64_t rotated = c.rotated > 0 ? c.rotated : c.head_size;
      rotated == 0 || rotated > c.head_size || (c.rope_theta && rotated % 2 != 0))
    fail(ErrorCode::mismatch, "{}: rotary positions need an even head size, not {} of {}", where, rotated, c.head_size);
  if ((!c.rope_theta || c.interleaved_heads) && c.head_size * c.heads != c.hidden)
    fail(ErrorCode::mismatch, "{}: a hidden size of {} does not divide into {} heads", where, c.hidden, c.heads);
  for (const double dropout : {c.embedding_dropout, c.residual_dropout, c.attention_dropout})
    if (!(dropout >= 0 && dropout < 1))
      fail(ErrorCode::malformed, "{}: a dropout must be at least 0 and below 1, not {}", where, dropout);
  if (!(c.norm_epsilon > 0))
    fail(ErrorCode::malformed, "{}: the norm's epsilon must be positive, not {}", where, c.norm_epsilon);
}

}  // namespace gpt

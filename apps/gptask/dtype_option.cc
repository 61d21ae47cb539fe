#include "dtype_option.h"

namespace gptask::app {

void declare_dtype_option(gpt::Options& options) {
  options.declare({"dtype",
                   gpt::OptionSpec::Kind::text,
                   "float32",
                   "of the folder's weights",
                   {"float32", "bfloat16", "float16"},
                   {"torch_dtype"}});
}

gpt::StoredType dtype_of(const gpt::Options& options) {
  const std::string& name = options.text("dtype");
  if (name == "bfloat16") return gpt::StoredType::bf16;
  return name == "float16" ? gpt::StoredType::f16 : gpt::StoredType::f32;
}

}  // namespace gptask::app

#include "precision_option.h"

#include "gpt/core/error.h"

namespace gptask::app {

void declare_precision_option(gpt::Options& options) {
  options.declare({"precision",
                   gpt::OptionSpec::Kind::text,
                   "float32",
                   "how the weights are held: int8 and int4 are smaller and faster, and cost a little exactness",
                   {"float32", "bfloat16", "int8", "int4"}});
}

gpt::Precision precision_of(const gpt::Options& options) { return precision_named(options.text("precision")); }

gpt::Precision precision_named(std::string_view name) {
  if (name == "bfloat16") return gpt::Precision::bfloat16;
  if (name == "int8") return gpt::Precision::int8;
  return name == "int4" ? gpt::Precision::int4 : gpt::Precision::float32;
}

void declare_cache_option(gpt::Options& options) {
  options.declare({"kv_cache_dtype",
                   gpt::OptionSpec::Kind::text,
                   "float32",
                   "how the keys and values of earlier tokens are held: a half or a quarter of the memory, at a small "
                   "loss of exactness",
                   {"float32", "bfloat16", "int8"}});
}

gpt::CacheType cache_type_of(const gpt::Options& options) {
  const std::string& name = options.text("kv_cache_dtype");
  if (name == "bfloat16") return gpt::CacheType::bfloat16;
  return name == "int8" ? gpt::CacheType::int8 : gpt::CacheType::float32;
}

void declare_task_precision_option(gpt::Options& options) {
  declare_precision_option(options);
  options.declare({"bf16", gpt::OptionSpec::Kind::flag, "false",
                   "the same as --precision bfloat16: matrix products in bfloat16, where the machine has them"});
}

gpt::Precision task_precision_of(const gpt::Options& options) {
  const gpt::Precision precision = precision_of(options);
  if (!options.flag("bf16")) return precision;
  if (options.given("precision") && precision != gpt::Precision::bfloat16)
    gpt::fail(gpt::ErrorCode::invalid_option, "--bf16 and --precision {} are two different wishes; leave one out",
              options.text("precision"));
  return gpt::Precision::bfloat16;
}

}  // namespace gptask::app

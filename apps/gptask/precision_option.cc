#include "precision_option.h"

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

}  // namespace gptask::app

// gptask convert: a model in another format or type.
#include "gpt/model/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "arguments.h"
#include "command.h"
#include "common_options.h"
#include "dtype_option.h"
#include "gpt/core/error.h"
#include "gpt/tensor/parallel.h"
#include "gptask/toolkit/models.h"
#include "result_output.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;
namespace fs = std::filesystem;

const Usage usage = {
    "gptask convert --model M (--output-dir D [--dtype T] | --output F.gguf [--type T]) [OPTIONS]",
    "Writes a model, a Hugging Face folder or a GGUF file, as a folder that Transformers loads or as a GGUF file that "
    "llama.cpp loads, with tokenizer and chat template. A folder keeps its task head; a GGUF file cannot, and is "
    "refused "
    "unless --drop_head leaves it out. Adapters are folded in first by gptask merge.",
    "gptask convert --model runs/first-merged --output first.gguf --type Q8_0 --drop_head"};

struct TypeName {
  const char* name;
  gpt::StoredType type;
};
constexpr std::array<TypeName, 6> types{{{"F32", gpt::StoredType::f32},
                                         {"F16", gpt::StoredType::f16},
                                         {"BF16", gpt::StoredType::bf16},
                                         {"Q8_0", gpt::StoredType::q8_0},
                                         {"Q4_0", gpt::StoredType::q4_0},
                                         {"Q4_1", gpt::StoredType::q4_1}}};

std::vector<std::string> type_names() {
  std::vector<std::string> names;
  for (const TypeName& row : types) names.emplace_back(row.name);
  return names;
}

gpt::StoredType find_type(const std::string& name) {
  return std::find_if(types.begin(), types.end(), [&](const TypeName& row) { return row.name == name; })->type;
}

void declare(gpt::Options& options) {
  declare_common(options);
  options.declare({"model", Kind::text, "", "a folder or a .gguf file", {}, {"model_name_or_path", "m"}});
  options.declare({"output_dir", Kind::text, "", "a new or empty folder", {}, {"o"}});
  options.declare({"output", Kind::text, "", "a .gguf file"});
  declare_dtype_option(options);
  options.declare({"type", Kind::text, "F16", "of the GGUF file's weights", type_names(), {"outtype"}});
  options.declare({"drop_head", Kind::flag, "false", "leave a task head out of the GGUF file"});
  options.declare({"overwrite_output_dir", Kind::flag, "false", "replace what is there"});
  declare_threads_option(options);
}

/// Error invalid_option for a target that holds something.
void check_free(const fs::path& target, const char* flag, bool overwrite) {
  const bool free = !fs::exists(target) || (fs::is_directory(target) && fs::is_empty(target));
  if (!free && !overwrite)
    gpt::fail(gpt::ErrorCode::invalid_option, "--{} {} exists already; choose another or pass --overwrite_output_dir",
              flag, target.string());
}

void to_folder(const fs::path& model, const gpt::Options& options) {
  const fs::path target = options.text("output_dir");
  check_free(target, "output_dir", options.flag("overwrite_output_dir"));
  if (fs::exists(target) && fs::equivalent(model, target))
    gpt::fail(gpt::ErrorCode::invalid_option, "--output_dir {} is the model itself", target.string());
  gpt::AtomicFolder folder(target);
  gpt::convert_to_folder(model, dtype_of(options), folder);
  folder.commit();
}

void to_gguf(const fs::path& model, const gpt::Options& options) {
  const fs::path target = options.text("output");
  if (target.extension() != ".gguf")
    gpt::fail(gpt::ErrorCode::invalid_option, "--output {} should end in .gguf; for a folder use --output_dir",
              target.string());
  check_free(target, "output", options.flag("overwrite_output_dir"));
  gpt::AtomicFile file(target);
  gpt::convert_to_gguf(model, {find_type(options.text("type")), options.flag("drop_head")}, file);
  file.commit();
}

}  // namespace

int convert_command(const std::vector<std::string>& raw) {
  Arguments arguments(raw);
  gpt::Options options;
  declare(options);
  if (!parse_or_help(arguments, options, usage)) return 0;
  need_option(options, "model");
  const bool folder = !options.text("output_dir").empty();
  if (folder == !options.text("output").empty())
    gpt::fail(gpt::ErrorCode::invalid_option, "one of --output_dir (a folder) and --output (a .gguf file) is needed");
  const fs::path model = find_model(options.text("model"));
  gpt::Threads threads(thread_count(options));
  threads.run([&] { folder ? to_folder(model, options) : to_gguf(model, options); });
  const std::string written = options.text(folder ? "output_dir" : "output");
  if (options.flag("json"))
    print_json({{folder ? "output_dir" : "output", written}});
  else
    fmt::print("{}: {}\n", folder ? "model" : "file", written);
  return 0;
}

}  // namespace gptask::app

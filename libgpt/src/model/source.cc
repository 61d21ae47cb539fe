#include "model/source.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/io/gguf.h"
#include "gpt/io/json.h"
#include "gpt/model/files.h"
#include "io/file_errors.h"
#include "model/family.h"

namespace gpt {
namespace {

namespace fs = std::filesystem;

/// A folder's one .gguf file where it has no config.json; empty if there is none.
fs::path gguf_in(const fs::path& path) {
  if (path.extension() == ".gguf") return path;
  if (!fs::is_directory(path) || fs::exists(path / "config.json")) return {};
  for (const fs::directory_entry& entry : fs::directory_iterator(path))
    if (entry.path().extension() == ".gguf") return entry.path();
  return {};
}

const Family& gguf_family(const GgufFile& file) {
  const std::string_view architecture = file.find_string("general.architecture").value_or("");
  std::vector<std::string_view> known;
  for (const Family* candidate : families()) {
    if (candidate->gguf_architecture() == architecture) return *candidate;
    if (std::find(known.begin(), known.end(), candidate->gguf_architecture()) == known.end())
      known.push_back(candidate->gguf_architecture());
  }
  fail(ErrorCode::unsupported, "{}: the architecture \"{}\" is not supported; this build knows {}",
       file.path().string(), architecture, fmt::join(known, ", "));
}

bool mostly_f32(const WeightSource& source) {
  std::size_t plain = 0, all = 0;
  for (const StoredTensor& tensor : source.tensors()) {
    all += tensor.bytes.size();
    plain += tensor.type == StoredType::f32 ? tensor.bytes.size() : 0;
  }
  return 2 * plain >= all;
}

ModelSource open_gguf(const fs::path& path) {
  const auto file = std::make_shared<const GgufFile>(path);
  ModelSource source{gguf_family(*file).from_gguf(*file), file, true, mostly_f32(*file)};
  check_config(source.config, path.string());
  return source;
}

ModelSource open(const fs::path& path) {
  if (const fs::path gguf = gguf_in(path); !gguf.empty()) return open_gguf(gguf);
  const fs::path config = path / "config.json";
  if (!fs::exists(config))
    fail(ErrorCode::not_found,
         "{}: no model here; expected a .gguf file or a folder with config.json and model.safetensors", path.string());
  ModelConfig parsed = read_model_config(read_json_file(config, DuplicateKeys::refuse), config.string());
  std::shared_ptr<const WeightSource> weights = open_weights(path);
  const bool in_place = mostly_f32(*weights);
  return {std::move(parsed), std::move(weights), false, in_place};
}

}  // namespace

ModelSource open_model(const fs::path& path) {
  return with_file_errors([&] { return open(path); });
}

}  // namespace gpt

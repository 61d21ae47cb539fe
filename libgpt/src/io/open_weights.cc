#include <fmt/format.h>

#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/io/gguf.h"
#include "gpt/io/mapped_file.h"
#include "gpt/io/safetensors.h"
#include "gpt/io/weight_source.h"
#include "io/file_errors.h"

namespace gpt {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse_pickle(const fs::path& path) {
  fail(ErrorCode::unsupported,
       "{}: pickled PyTorch weights can run code when they are loaded and are not read; convert them in Python: "
       "AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(NEW_FOLDER, safe_serialization=True)",
       path.string());
}

bool pickled(const fs::path& path) {
  const auto extension = path.extension();
  return extension == ".bin" || extension == ".pt" || extension == ".pth" || extension == ".ckpt" ||
         extension == ".pkl";
}

std::unique_ptr<WeightSource> open_gguf(const fs::path& path) {
  auto file = std::make_unique<GgufFile>(path);
  if (const auto parts = file->find_integer("split.count").value_or(1); parts > 1)
    fail(ErrorCode::unsupported, "{}: one of {} parts of a split GGUF file; join them with llama-gguf-split --merge",
         path.string(), parts);
  return file;
}

/// What a file holds is told by its first bytes; the name decides where they do not.
std::unique_ptr<WeightSource> open_file(const fs::path& path) {
  const std::string start(MappedFile::open(path)->text().substr(0, 9));
  if (start.starts_with("GGUF")) return open_gguf(path);
  // A safetensors file starts with the length of its header, which may begin as a pickle does, and the header's brace.
  const bool header = start.size() == 9 && start[8] == '{';
  if ((!header && (start.starts_with("PK\3\4") || start.starts_with("\x80"))) || pickled(path)) refuse_pickle(path);
  if (path.extension() == ".gguf") return open_gguf(path);
  if (path.filename().string().ends_with(".safetensors.index.json")) return std::make_unique<ShardedSafetensors>(path);
  return std::make_unique<SafetensorsFile>(path);
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    files.push_back(entry->path());
  if (error) fail(ErrorCode::io, "cannot list {}: {}", folder.string(), error.message());
  std::sort(files.begin(), files.end());
  return files;
}

std::unique_ptr<WeightSource> open_folder(const fs::path& folder) {
  for (const auto* name : {"model.safetensors", "model.safetensors.index.json", "adapter_model.safetensors"})
    if (fs::exists(folder / name)) return open_file(folder / name);
  std::vector<fs::path> ggufs;
  const auto files = files_in(folder);
  std::copy_if(files.begin(), files.end(), std::back_inserter(ggufs),
               [](const fs::path& path) { return path.extension() == ".gguf"; });
  if (ggufs.size() == 1) return open_gguf(ggufs.front());
  if (ggufs.size() > 1)
    fail(ErrorCode::mismatch, "{}: holds {} GGUF files, {} among them; name the one to open", folder.string(),
         ggufs.size(), ggufs.front().string());
  for (const auto& path : files)
    if (pickled(path) && path.filename().string().find("model") != std::string::npos) refuse_pickle(path);
  fail(ErrorCode::not_found,
       "{}: no weights found; looked for model.safetensors, model.safetensors.index.json, adapter_model.safetensors "
       "and one .gguf file",
       folder.string());
}

}  // namespace

std::unique_ptr<WeightSource> open_weights(const fs::path& path) {
  return with_file_errors([&] {
    if (!fs::exists(path)) fail(ErrorCode::not_found, "{}: no such file or folder; check the path", path.string());
    return fs::is_directory(path) ? open_folder(path) : open_file(path);
  });
}

}  // namespace gpt

#include "gpt/text/tokenizer.h"

#include "gpt/core/error.h"
#include "gpt/io/atomic_file.h"
#include "gpt/io/mapped_file.h"
#include "io/file_errors.h"
#include "text/canonical.h"
#include "text/pipeline.h"
#include "text/readers.h"

namespace gpt {

namespace text {

namespace {

TokenizerSpec read_folder(const std::filesystem::path& folder) {
  TokenizerSpec spec;
  if (std::filesystem::exists(folder / "tokenizer.json")) {
    spec = read_tokenizer_json(folder / "tokenizer.json");
  } else if (std::filesystem::exists(folder / "vocab.json") && std::filesystem::exists(folder / "merges.txt")) {
    spec = read_vocab_and_merges(folder);
  } else if (std::filesystem::exists(folder / "tokenizer.model")) {
    fail(ErrorCode::unsupported,
         "{}: a SentencePiece model without tokenizer.json is not supported; save the tokenizer with Transformers' "
         "fast class",
         (folder / "tokenizer.model").string());
  } else {
    fail(ErrorCode::not_found, "{}: no tokenizer there: neither tokenizer.json nor vocab.json with merges.txt",
         folder.string());
  }
  read_config(folder, spec);
  return spec;
}

bool is_gguf(const std::filesystem::path& path) {
  return path.extension() == ".gguf" || MappedFile::open(path)->text().substr(0, 4) == "GGUF";
}

TokenizerSpec read(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) {
    fail(ErrorCode::not_found, "{}: no such file or folder; name a folder with tokenizer.json, or a .gguf file",
         path.string());
  }
  if (std::filesystem::is_directory(path)) return read_folder(path);
  if (is_gguf(path)) return read_gguf_vocabulary(path);
  TokenizerSpec spec = read_tokenizer_json(path);
  read_config(path.parent_path(), spec);
  return spec;
}

}  // namespace

void PipelineTokenizer::save(const std::filesystem::path& folder) const {
  FileSystem::current().make_folder(folder);
  write_file_atomically(folder / "tokenizer.json", spec_.json_text.empty() ? canonical_json(spec_) : spec_.json_text);
  write_file_atomically(folder / "tokenizer_config.json", config_json(spec_));
  if (spec_.chat_template_file) write_file_atomically(folder / "chat_template.jinja", spec_.chat_template);
}

void PipelineTokenizer::add_to_gguf(GgufMetadata& metadata, std::int64_t rows) const {
  write_gguf_vocabulary(spec_, rows, metadata);
}

}  // namespace text

Tokenizer::~Tokenizer() = default;

Encoding Tokenizer::encode_literally(std::string_view text, bool add_special_tokens) const {
  return encode_with_offsets(text, add_special_tokens);
}

void Tokenizer::add_to_gguf(GgufMetadata&, std::int64_t) const {
  fail(ErrorCode::unsupported, "this kind of tokenizer cannot be written into a GGUF file");
}

std::shared_ptr<const Tokenizer> Tokenizer::load(const std::filesystem::path& path) {
  return std::make_shared<text::PipelineTokenizer>(with_file_errors([&] { return text::read(path); }));
}

}  // namespace gpt

#include <algorithm>

#include "gpt/io/json.h"
#include "gpt/io/mapped_file.h"
#include "text/bpe_spec.h"
#include "text/json_fields.h"
#include "text/readers.h"

namespace gpt::text {

namespace {

constexpr const char* kEndOfText = "<|endoftext|>";

void read_merges(const std::filesystem::path& path, BpeSpecBuilder& builder) {
  const auto file = MappedFile::open(path);
  const std::string_view text = file->text();
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!line.empty() && line.substr(0, 8) != "#version") builder.add_merge(line);
    begin = end + 1;
  }
}

/// Each {"content": id} of a file; the id must be one.
template <typename Add>
void for_each_id(const std::filesystem::path& path, Add add) {
  const nlohmann::json json = read_json_file(path);
  const JsonFields fields(json, path.string());
  for (const auto& [token, value] : json.items()) {
    const auto id = token_id(value);
    if (!id) fields.wrong(token.c_str(), "an id from 0 to 16777215");
    add(token, *id);
  }
}

}  // namespace

TokenizerSpec read_vocab_and_merges(const std::filesystem::path& folder) {
  TokenizerSpec spec;
  spec.source = (folder / "vocab.json").string();
  BpeSpecBuilder builder(spec.source);
  for_each_id(folder / "vocab.json", [&](const std::string& token, std::int32_t id) { builder.add_token(token, id); });
  read_merges(folder / "merges.txt", builder);
  if (const auto id = builder.find(kEndOfText)) {
    spec.added_tokens.push_back({*id, kEndOfText, false, false, false, false, true});
    spec.bos = spec.eos = spec.unk = kEndOfText;
  }
  spec.model = builder.take();
  const auto added = folder / "added_tokens.json";
  if (std::filesystem::exists(added)) {
    for_each_id(added, [&spec](const std::string& token, std::int32_t id) {
      if (!token.empty() && token != kEndOfText)
        spec.added_tokens.push_back({id, token, false, false, false, true, false});
    });
  }
  spec.post_processor.byte_level = true;  // trims nothing, as Transformers converts GPT-2
  return spec;
}

}  // namespace gpt::text

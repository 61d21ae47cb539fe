#include <algorithm>
#include <charconv>

#include "gpt/core/error.h"
#include "gpt/io/json.h"
#include "gpt/io/mapped_file.h"
#include "text/bpe_spec.h"
#include "text/json_fields.h"
#include "text/patterns.h"
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

void add_token(TokenizerSpec& spec, const AddedToken& token) {
  if (token.content.empty()) return;
  const auto same = [&token](const AddedToken& known) { return known.id == token.id; };
  const auto known = std::find_if(spec.added_tokens.begin(), spec.added_tokens.end(), same);
  if (known == spec.added_tokens.end()) {
    spec.added_tokens.push_back(token);
  } else {
    *known = token;
  }
}

/// Which class of Transformers the files are for decides how text is cut into words.
void apply_class(const JsonFields& config, TokenizerSpec& spec) {
  const std::string name = config.text_or("tokenizer_class", "GPT2Tokenizer");
  if (name == "Qwen2Tokenizer" || name == "Qwen2TokenizerFast") {
    spec.normalizer = {{NormalizerStep::Kind::nfc}};
    spec.pre_tokenizer.steps = {split_step(Scanner::qwen2)};
    spec.pre_tokenizer.use_regex = false;
  } else if (name != "GPT2Tokenizer" && name != "GPT2TokenizerFast" && name != "PreTrainedTokenizerFast") {
    fail(ErrorCode::unsupported,
         "{}: vocab.json and merges.txt of a {} are not supported, only of GPT2Tokenizer and Qwen2Tokenizer; save a "
         "tokenizer.json with Transformers' fast class",
         config.where(), name);
  }
  spec.pre_tokenizer.add_prefix_space = config.flag("add_prefix_space", false);
}

/// added_tokens_decoder: {"id": {"content": ..., flags}}.
void read_added_tokens(const JsonFields& config, TokenizerSpec& spec) {
  const nlohmann::json* tokens = config.find("added_tokens_decoder");
  if (tokens == nullptr) return;
  config.object("added_tokens_decoder");
  for (const auto& [key, value] : tokens->items()) {
    std::int32_t id = -1;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (error != std::errc() || end != key.data() + key.size() || id < 0 || id >= kMaxVocabulary) {
      fail(ErrorCode::malformed, "{}: added_tokens_decoder: '{}' is no id from 0 to 16777215", config.where(), key);
    }
    add_token(spec,
              JsonFields(value, fmt::format("{}: added_tokens_decoder: {}", config.where(), key)).added_token(id));
  }
}

}  // namespace

TokenizerSpec read_vocab_and_merges(const std::filesystem::path& folder) {
  TokenizerSpec spec;
  spec.source = (folder / "vocab.json").string();
  BpeSpecBuilder builder(spec.source);
  for_each_id(folder / "vocab.json", [&](const std::string& token, std::int32_t id) { builder.add_token(token, id); });
  builder.finish_tokens();
  builder.set_source((folder / "merges.txt").string());
  read_merges(folder / "merges.txt", builder);
  if (const auto id = builder.find(kEndOfText)) {
    spec.added_tokens.push_back({*id, kEndOfText, false, false, false, false, true});
    spec.bos = spec.eos = spec.unk = kEndOfText;
  }
  spec.model = builder.take();
  if (const auto added = folder / "added_tokens.json"; std::filesystem::exists(added)) {
    for_each_id(added, [&spec](const std::string& token, std::int32_t id) {
      if (token != kEndOfText) add_token(spec, {id, token, false, false, false, true, false});
    });
  }
  if (const auto path = folder / "tokenizer_config.json"; std::filesystem::exists(path)) {
    const nlohmann::json json = read_json_file(path);
    const JsonFields config(json, path.string());
    apply_class(config, spec);
    read_added_tokens(config, spec);
  }
  spec.post_processor.byte_level = true;  // trims nothing, as Transformers converts GPT-2
  return spec;
}

}  // namespace gpt::text

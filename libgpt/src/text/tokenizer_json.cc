#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/io/mapped_file.h"
#include "text/bpe_spec.h"
#include "text/byte_alphabet.h"
#include "text/json_parts.h"
#include "text/json_vocabulary.h"
#include "text/readers.h"

namespace gpt::text {

namespace {

/// Options of the library's BPE model that the kinds we know leave off.
void check_model_options(const JsonFields& model, const TokenizerJson& parts) {
  const std::string type = model.text_or("type", parts.has_merges ? "BPE" : "unnamed");
  if (type != "BPE") unsupported_part(model.where(), fmt::format("the type '{}'", type));
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!model.text_or(key, "").empty()) unsupported_part(model.where(), fmt::format("{} '{}'", key, model.text(key)));
  }
  if (const auto* dropout = model.find("dropout"); dropout != nullptr && *dropout != 0.0) {
    unsupported_part(model.where(), fmt::format("dropout {}", excerpt(*dropout)));
  }
  if (!parts.has_vocabulary || model.find("vocab") != nullptr) model.object("vocab");
  if (!parts.has_merges || model.find("merges") != nullptr) model.array("merges");
}

BpeSpec read_model(const JsonFields& model, TokenizerJson& parts) {
  check_model_options(model, parts);
  BpeSpecBuilder& builder = parts.vocabulary;
  builder.finish_tokens();
  for (std::size_t i = 0; i < parts.merges.size(); i += 2) builder.add_merge(parts.merges[i], parts.merges[i + 1]);
  std::optional<std::int32_t> unknown;
  if (const std::string unk = model.text_or("unk_token", ""); !unk.empty()) {
    unknown = builder.find(unk);
    if (!unknown) model.wrong("unk_token", "a token of the vocabulary");
  }
  BpeSpec spec = builder.take();
  spec.unknown = unknown;
  spec.fuse_unknown = model.flag("fuse_unk", false);
  spec.byte_fallback = model.flag("byte_fallback", false);
  spec.ignore_merges = model.flag("ignore_merges", false);
  return spec;
}

/// At the byte level a fallback is for bytes that the vocabulary lacks. Files that set it all the same lack none.
void check_byte_fallback(TokenizerSpec& spec) {
  if (!spec.model.byte_fallback || !spec.pre_tokenizer.byte_level) return;
  std::vector<bool> seen(256);
  for (const std::string& token : spec.model.tokens) {
    const auto bytes = from_byte_alphabet(token);
    if (bytes && bytes->size() == 1) seen[static_cast<unsigned char>(bytes->front())] = true;
  }
  if (std::find(seen.begin(), seen.end(), false) != seen.end()) {
    unsupported_part(spec.source + ": model", "byte_fallback after ByteLevel, with bytes that have no token,");
  }
  spec.model.byte_fallback = false;
}

std::vector<AddedToken> read_added_tokens(const JsonFields& file, std::size_t vocabulary) {
  std::vector<AddedToken> tokens;
  if (file.find("added_tokens") == nullptr) return tokens;
  const auto& list = file.array("added_tokens");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const JsonFields fields(list[i], fmt::format("{}: added_tokens[{}]", file.where(), i));
    const auto* id = fields.find("id");
    const auto number = id == nullptr ? std::nullopt : token_id(*id);
    if (!number) fields.wrong("id", "an id from 0 to 16777215");
    if (!is_id_in_reach(*number, vocabulary + list.size())) {
      fail(ErrorCode::malformed, "{}: the id is {}, but there are only {} tokens; ids may leave holes, but not so many",
           fields.where(), *number, vocabulary + list.size());
    }
    const AddedToken token = fields.added_token(*number);
    if (!token.content.empty()) tokens.push_back(token);  // the library ignores empty ones too
  }
  return tokens;
}

void check_template_ids(const TokenizerSpec& spec) {
  for (const auto* ids : {&spec.post_processor.before, &spec.post_processor.after}) {
    for (const std::int32_t id : *ids) {
      const auto same = [id](const AddedToken& token) { return token.id == id; };
      const auto at = static_cast<std::size_t>(id);
      const bool in_model = at < spec.model.tokens.size() && !spec.model.tokens[at].empty();
      if (in_model || std::any_of(spec.added_tokens.begin(), spec.added_tokens.end(), same)) continue;
      fail(ErrorCode::malformed, "{}: post_processor adds the token {}, but neither vocabulary nor added_tokens has it",
           spec.source, id);
    }
  }
}

}  // namespace

TokenizerSpec read_tokenizer_json(const std::filesystem::path& path) {
  return parse_tokenizer_json(std::string(MappedFile::open(path)->text()), path.string());
}

TokenizerSpec parse_tokenizer_json(std::string text, const std::string& source) {
  TokenizerSpec spec;
  spec.source = source;
  spec.json_text = std::move(text);
  TokenizerJson parts = read_tokenizer_parts(spec.json_text, spec.source);
  const JsonFields file(parts.tree, spec.source);
  spec.model = read_model(file.object("model"), parts);
  spec.normalizer = read_normalizer(file);
  spec.pre_tokenizer = read_pre_tokenizer(file);
  spec.added_tokens = read_added_tokens(file, spec.model.tokens.size());
  spec.post_processor = read_post_processor(file);
  spec.decoder = read_decoder(file);
  check_byte_fallback(spec);
  check_template_ids(spec);
  return spec;
}

}  // namespace gpt::text

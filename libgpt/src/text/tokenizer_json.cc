#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/io/json.h"
#include "gpt/io/mapped_file.h"
#include "text/bpe_spec.h"
#include "text/json_fields.h"
#include "text/patterns.h"
#include "text/readers.h"

namespace gpt::text {

namespace {

[[noreturn]] void unknown(const std::string& where, const std::string& what) {
  fail(ErrorCode::unsupported,
       "{}: {} is not supported; byte-level BPE is, with the pre-tokenizers of GPT-2, SmolLM2, Llama 3 and Qwen2",
       where, what);
}

/// Calls visit for a part, or for each part of a Sequence (whose parts are in the list `key`).
template <typename Visit>
void for_each_part(const JsonFields& part, const char* key, Visit visit) {
  if (part.text("type") != "Sequence") return visit(part);
  std::size_t index = 0;
  for (const auto& inner : part.array(key)) {
    for_each_part(JsonFields(inner, fmt::format("{}: {}[{}]", part.where(), key, index++)), key, visit);
  }
}

Normalization read_normalizer(const JsonFields& file) {
  if (file.find("normalizer") == nullptr) return Normalization::none;
  Normalization form = Normalization::none;
  for_each_part(file.object("normalizer"), "normalizers", [&form](const JsonFields& part) {
    if (part.text("type") != "NFC") unknown(part.where(), fmt::format("the type '{}'", part.text("type")));
    form = Normalization::nfc;
  });
  return form;
}

Split read_split(const JsonFields& part) {
  const nlohmann::json* regex = nullptr;
  if (const auto* pattern = part.find("pattern"); pattern != nullptr && pattern->is_object()) {
    regex = JsonFields(*pattern, part.where()).find("Regex");
  }
  if (regex == nullptr || !regex->is_string()) unknown(part.where(), "a Split without a regular expression");
  const std::string behavior = part.text("behavior");
  const bool invert = part.flag("invert", false);
  const auto split = split_of(regex->get<std::string>());
  if (!split) unknown(part.where(), fmt::format("the regular expression {}", regex->get<std::string>()));
  // The patterns of whole tokenizers match every character, so that keeping the matches only is the same as isolating
  // them.
  const bool covers = *split != Split::numbers_each && *split != Split::numbers_run;
  if (!(behavior == "Isolated" && !invert) && !(behavior == "Removed" && invert && covers)) {
    unknown(part.where(), fmt::format("a Split with behavior '{}' and invert {}", behavior, invert));
  }
  return *split;
}

PreTokenizerSpec read_pre_tokenizer(const JsonFields& file) {
  PreTokenizerSpec spec;
  bool byte_level = false;
  if (file.find("pre_tokenizer") == nullptr) unknown(file.where(), "a tokenizer without pre_tokenizer");
  for_each_part(file.object("pre_tokenizer"), "pretokenizers", [&](const JsonFields& part) {
    const std::string type = part.text("type");
    if (byte_level) unknown(part.where(), fmt::format("the type '{}' after ByteLevel", type));
    if (type == "ByteLevel") {
      byte_level = true;
      spec.add_prefix_space = part.flag("add_prefix_space", true);
      spec.use_regex = part.flag("use_regex", true);
    } else if (type == "Digits") {
      spec.splits.push_back(part.flag("individual_digits", false) ? Split::numbers_each : Split::numbers_run);
    } else if (type == "Split") {
      spec.splits.push_back(read_split(part));
    } else {
      unknown(part.where(), fmt::format("the type '{}'", type));
    }
  });
  if (!byte_level) unknown(file.where() + ": pre_tokenizer", "one without ByteLevel");
  return spec;
}

std::vector<AddedToken> read_added_tokens(const JsonFields& file) {
  std::vector<AddedToken> tokens;
  if (file.find("added_tokens") == nullptr) return tokens;
  std::size_t index = 0;
  for (const auto& entry : file.array("added_tokens")) {
    const JsonFields fields(entry, fmt::format("{}: added_tokens[{}]", file.where(), index++));
    const auto* id = fields.find("id");
    const auto number = id == nullptr ? std::nullopt : token_id(*id);
    if (!number) fields.wrong("id", "an id from 0 to 16777215");
    const AddedToken token = fields.added_token(*number);
    if (!token.content.empty()) tokens.push_back(token);  // the library ignores empty ones too
  }
  return tokens;
}

/// The ids that a special token of a template stands for.
void read_template_token(const JsonFields& part, const JsonFields& special_tokens, std::vector<std::int32_t>& ids) {
  const std::string name = part.text("id");
  for (const auto& entry : special_tokens.object(name.c_str()).array("ids")) {
    const auto id = token_id(entry);
    if (!id) special_tokens.object(name.c_str()).wrong("ids", "a list of ids");
    ids.push_back(*id);
  }
}

void read_template(const JsonFields& part, PostProcessorSpec& spec) {
  bool text_seen = false;
  std::size_t index = 0;
  for (const auto& entry : part.array("single")) {
    const JsonFields step(entry, fmt::format("{}: single[{}]", part.where(), index++));
    if (step.find("SpecialToken") != nullptr) {
      read_template_token(step.object("SpecialToken"), part.object("special_tokens"),
                          text_seen ? spec.after : spec.before);
    } else if (step.object("Sequence").text("id") != "A" || text_seen) {
      unknown(step.where(), "a template that holds anything but the text A once");
    } else {
      text_seen = true;
    }
  }
  if (!text_seen) unknown(part.where(), "a template without the text A");
}

PostProcessorSpec read_post_processor(const JsonFields& file) {
  PostProcessorSpec spec;
  if (file.find("post_processor") == nullptr) return spec;
  for_each_part(file.object("post_processor"), "processors", [&spec](const JsonFields& part) {
    const std::string type = part.text("type");
    if (type == "ByteLevel") {
      spec.byte_level = true;
      spec.trim_offsets = part.flag("trim_offsets", true);
      spec.add_prefix_space = part.flag("add_prefix_space", true);
    } else if (type == "TemplateProcessing") {
      read_template(part, spec);
    } else {
      unknown(part.where(), fmt::format("the type '{}'", type));
    }
  });
  return spec;
}

void check_decoder(const JsonFields& file) {
  if (file.find("decoder") == nullptr) unknown(file.where(), "a tokenizer without decoder");
  const JsonFields decoder = file.object("decoder");
  if (decoder.text("type") != "ByteLevel") unknown(decoder.where(), fmt::format("the type '{}'", decoder.text("type")));
}

/// Options of the library's BPE model that byte-level tokenizers leave off.
void check_model_options(const JsonFields& model) {
  const std::string type = model.text_or("type", model.find("merges") != nullptr ? "BPE" : "unnamed");
  if (type != "BPE") unknown(model.where(), fmt::format("the type '{}'", type));
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!model.text_or(key, "").empty()) unknown(model.where(), fmt::format("{} '{}'", key, model.text(key)));
  }
  if (model.flag("byte_fallback", false)) unknown(model.where(), "byte_fallback");
  if (const auto* dropout = model.find("dropout"); dropout != nullptr && *dropout != 0.0) {
    unknown(model.where(), fmt::format("dropout {}", excerpt(*dropout)));
  }
}

BpeSpec read_model(const JsonFields& model) {
  check_model_options(model);
  BpeSpecBuilder builder(model.where());
  model.object("vocab");
  for (const auto& [token, value] : model.find("vocab")->items()) {
    const auto id = token_id(value);
    if (!id) model.object("vocab").wrong(token.c_str(), "an id from 0 to 16777215");
    builder.add_token(token, *id);
  }
  for (const auto& merge : model.array("merges")) {
    if (merge.is_string()) {
      builder.add_merge(merge.get_ref<const std::string&>());
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      builder.add_merge(merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>());
    } else {
      fail(ErrorCode::malformed, "{}: merges[{}] is {}, but \"left right\" or [\"left\", \"right\"] is expected",
           model.where(), builder.spec().merges.size(), excerpt(merge));
    }
  }
  BpeSpec spec = builder.spec();
  if (const std::string unk = model.text_or("unk_token", ""); !unk.empty()) {
    spec.unknown = builder.find(unk);
    if (!spec.unknown) model.wrong("unk_token", "a token of the vocabulary");
  }
  spec.fuse_unknown = model.flag("fuse_unk", false);
  spec.ignore_merges = model.flag("ignore_merges", false);
  return spec;
}

void check_template_ids(const TokenizerSpec& spec) {
  for (const auto* ids : {&spec.post_processor.before, &spec.post_processor.after}) {
    for (const std::int32_t id : *ids) {
      const auto same = [id](const AddedToken& token) { return token.id == id; };
      const bool in_model = static_cast<std::size_t>(id) < spec.model.tokens.size();
      if (in_model || std::any_of(spec.added_tokens.begin(), spec.added_tokens.end(), same)) continue;
      fail(ErrorCode::malformed, "{}: post_processor adds the token {}, but neither vocabulary nor added_tokens has it",
           spec.source, id);
    }
  }
}

}  // namespace

TokenizerSpec read_tokenizer_json(const std::filesystem::path& path) {
  TokenizerSpec spec;
  spec.source = path.string();
  spec.json_text = MappedFile::open(path)->text();
  const nlohmann::json json = parse_json(spec.json_text, spec.source);
  const JsonFields file(json, spec.source);
  spec.model = read_model(file.object("model"));
  spec.normalization = read_normalizer(file);
  spec.pre_tokenizer = read_pre_tokenizer(file);
  spec.added_tokens = read_added_tokens(file);
  spec.post_processor = read_post_processor(file);
  check_decoder(file);
  check_template_ids(spec);
  return spec;
}

}  // namespace gpt::text

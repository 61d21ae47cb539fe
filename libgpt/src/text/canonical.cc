#include "text/canonical.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "text/json_parts.h"

namespace gpt::text {

namespace {

using Json = nlohmann::ordered_json;

Json added_tokens(const TokenizerSpec& spec) {
  std::vector<AddedToken> tokens = spec.added_tokens;
  std::sort(tokens.begin(), tokens.end(), [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  Json list = Json::array();
  for (const AddedToken& token : tokens) {
    list.push_back({{"id", token.id},
                    {"content", token.content},
                    {"single_word", token.single_word},
                    {"lstrip", token.lstrip},
                    {"rstrip", token.rstrip},
                    {"normalized", token.normalized},
                    {"special", token.special}});
  }
  return list;
}

/// The content of a token by id, wherever it is.
std::string content(const TokenizerSpec& spec, std::int32_t id) {
  for (const AddedToken& token : spec.added_tokens) {
    if (token.id == id) return token.content;
  }
  return spec.model.tokens[static_cast<std::size_t>(id)];
}

Json template_part(const TokenizerSpec& spec, const char* sequence, int type) {
  Json parts = Json::array();
  const auto add = [&](std::int32_t id) {
    parts.push_back({{"SpecialToken", {{"id", content(spec, id)}, {"type_id", type}}}});
  };
  for (const std::int32_t id : spec.post_processor.before) add(id);
  parts.push_back({{"Sequence", {{"id", sequence}, {"type_id", type}}}});
  for (const std::int32_t id : spec.post_processor.after) add(id);
  return parts;
}

Json template_processing(const TokenizerSpec& spec) {
  Json special = Json::object();
  for (const auto* ids : {&spec.post_processor.before, &spec.post_processor.after}) {
    for (const std::int32_t id : *ids) {
      const std::string name = content(spec, id);
      special[name] = {{"id", name}, {"ids", Json::array({id})}, {"tokens", Json::array({name})}};
    }
  }
  Json pair = template_part(spec, "A", 0);
  for (Json& part : template_part(spec, "B", 1)) pair.push_back(std::move(part));
  return {{"type", "TemplateProcessing"},
          {"single", template_part(spec, "A", 0)},
          {"pair", pair},
          {"special_tokens", special}};
}

Json post_processor(const TokenizerSpec& spec) {
  const PostProcessorSpec& post = spec.post_processor;
  const bool has_template = !post.before.empty() || !post.after.empty();
  const Json bytes = byte_level_json(post.add_prefix_space, post.trim_offsets, true);
  if (post.byte_level && has_template) {
    return {{"type", "Sequence"}, {"processors", Json::array({bytes, template_processing(spec)})}};
  }
  if (post.byte_level) return bytes;
  return has_template ? template_processing(spec) : Json();
}

Json vocabulary(const BpeSpec& model) {
  Json vocabulary = Json::object();
  auto& entries = vocabulary.get_ref<Json::object_t&>();
  for (std::size_t id = 0; id < model.tokens.size(); ++id) {
    if (!model.tokens[id].empty()) entries.Container::emplace_back(model.tokens[id], id);  // unique by construction
  }
  return vocabulary;
}

/// "a b", as every version of the library reads, unless a token holds a space: then pairs.
Json merges(const BpeSpec& model) {
  const auto token = [&model](std::int32_t id) -> const std::string& {
    return model.tokens[static_cast<std::size_t>(id)];
  };
  const bool pairs = std::any_of(model.merges.begin(), model.merges.end(), [&](const auto& merge) {
    return token(merge.first).find(' ') != std::string::npos || token(merge.second).find(' ') != std::string::npos;
  });
  Json list = Json::array();
  for (const auto& [left, right] : model.merges) {
    list.push_back(pairs ? Json::array({token(left), token(right)}) : Json(token(left) + " " + token(right)));
  }
  return list;
}

Json model_json(const BpeSpec& model) {
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", model.unknown ? Json(model.tokens[static_cast<std::size_t>(*model.unknown)]) : Json()},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", model.fuse_unknown},
          {"byte_fallback", model.byte_fallback},
          {"ignore_merges", model.ignore_merges},
          {"vocab", vocabulary(model)},
          {"merges", merges(model)}};
}

}  // namespace

std::string canonical_json(const TokenizerSpec& spec) {
  const Json json = {{"version", "1.0"},
                     {"truncation", nullptr},
                     {"padding", nullptr},
                     {"added_tokens", added_tokens(spec)},
                     {"normalizer", normalizer_json(spec.normalizer)},
                     {"pre_tokenizer", pre_tokenizer_json(spec.pre_tokenizer)},
                     {"post_processor", post_processor(spec)},
                     {"decoder", decoder_json(spec.decoder)},
                     {"model", model_json(spec.model)}};
  return json.dump();
}

std::string config_json(const TokenizerSpec& spec) {
  if (!spec.config_text.empty()) return spec.config_text;
  Json json = {{"tokenizer_class", "PreTrainedTokenizerFast"}, {"clean_up_tokenization_spaces", false}};
  const auto add = [&json](const char* key, const std::string& value) {
    if (!value.empty()) json[key] = value;
  };
  add("bos_token", spec.bos);
  add("eos_token", spec.eos);
  add("pad_token", spec.pad);
  add("unk_token", spec.unk);
  if (spec.max_length) json["model_max_length"] = *spec.max_length;
  if (!spec.chat_template_file) add("chat_template", spec.chat_template);
  return json.dump(2) + "\n";
}

}  // namespace gpt::text

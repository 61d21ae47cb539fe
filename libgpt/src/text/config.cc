#include <cmath>

#include "gpt/io/json.h"
#include "gpt/io/mapped_file.h"
#include "text/json_fields.h"
#include "text/readers.h"

namespace gpt::text {

namespace {

/// A token is written as its text or as an object with its content. "" where the key is absent.
std::string token_content(const JsonFields& fields, const char* key) {
  const nlohmann::json* found = fields.find(key);
  if (found == nullptr) return "";
  return found->is_object() ? fields.object(key).text("content") : fields.text(key);
}

void read_special_tokens(const JsonFields& fields, TokenizerSpec& spec) {
  const auto read = [&fields](const char* key, std::string& content) {
    if (std::string found = token_content(fields, key); !found.empty()) content = std::move(found);
  };
  read("bos_token", spec.bos);
  read("eos_token", spec.eos);
  read("pad_token", spec.pad);
  read("unk_token", spec.unk);
}

/// One template, or a list of named ones: then the one named default.
std::string read_chat_template(const JsonFields& config) {
  const nlohmann::json* found = config.find("chat_template");
  if (found == nullptr) return "";
  if (!found->is_array()) return config.text("chat_template");
  for (const auto& entry : *found) {
    const JsonFields named(entry, config.where() + ": chat_template");
    if (named.text("name") == "default") return named.text("template");
  }
  return "";
}

void read_max_length(const JsonFields& config, TokenizerSpec& spec) {
  const nlohmann::json* found = config.find("model_max_length");
  if (found == nullptr || !found->is_number()) return;
  const double length = found->get<double>();
  if (length >= 1 && length < 1e15) spec.max_length = static_cast<std::int64_t>(std::llround(length));  // 1e30: none
}

}  // namespace

void read_config(const std::filesystem::path& folder, TokenizerSpec& spec) {
  for (const char* name : {"special_tokens_map.json", "tokenizer_config.json"}) {
    const auto path = folder / name;
    if (!std::filesystem::exists(path)) continue;
    const std::string text(MappedFile::open(path)->text());
    const nlohmann::json json = parse_json(text, path.string());
    const JsonFields fields(json, path.string());
    read_special_tokens(fields, spec);
    if (path.filename() != "tokenizer_config.json") continue;
    spec.config_text = text;
    spec.chat_template = read_chat_template(fields);
    read_max_length(fields, spec);
  }
  const auto jinja = folder / "chat_template.jinja";
  if (std::filesystem::exists(jinja)) {
    spec.chat_template = MappedFile::open(jinja)->text();
    spec.chat_template_file = true;
  }
}

}  // namespace gpt::text

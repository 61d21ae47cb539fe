#include "text/json_parts.h"

#include "gpt/core/error.h"
#include "text/patterns.h"
#include "text/regex.h"
#include "text/unicode.h"

namespace gpt::text {

void unsupported_part(const std::string& where, const std::string& what) {
  fail(
      ErrorCode::unsupported,
      "{}: {} is not supported; BPE tokenizers are, of the byte-level kind (GPT-2, SmolLM2, Llama 3, Qwen2) and of the "
      "SentencePiece kind (Llama 2, Mistral)",
      where, what);
}

Pattern read_pattern(const JsonFields& part) {
  const auto* found = part.find("pattern");
  if (found != nullptr && found->is_string()) return {found->get<std::string>(), false};
  const JsonFields fields = part.object("pattern");
  if (fields.find("String") != nullptr) return {fields.text("String"), false};
  const Pattern pattern{fields.text("Regex"), true};
  if (scanner_of(pattern.text)) return pattern;
  try {
    const Matcher check(pattern);
  } catch (const Error& error) {
    fail(error.code(), "{}: {}", fields.where(), error.what());
  }
  return pattern;
}

std::string read_character(const JsonFields& part, const char* key, const std::string& otherwise) {
  const std::string text = part.text_or(key, otherwise);
  if (text.empty() || text.size() != utf8_size(text.front())) part.wrong(key, "a text of one character");
  return text;
}

PrependScheme read_scheme(const JsonFields& part) {
  const bool old_way = part.flag("add_prefix_space", true);
  const std::string scheme = part.text_or("prepend_scheme", old_way ? "always" : "never");
  if (scheme == "always") return PrependScheme::always;
  if (scheme == "first") return PrependScheme::first;
  if (scheme != "never") part.wrong("prepend_scheme", "always, first or never");
  return PrependScheme::never;
}

using Json = nlohmann::ordered_json;

Json pattern_json(const Pattern& pattern) { return {{pattern.is_regex ? "Regex" : "String", pattern.text}}; }

Json scheme_json(PrependScheme scheme) {
  return scheme == PrependScheme::always ? "always" : scheme == PrependScheme::first ? "first" : "never";
}

Json byte_level_json(bool add_prefix_space, bool trim_offsets, bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", add_prefix_space},
          {"trim_offsets", trim_offsets},
          {"use_regex", use_regex}};
}

Json sequence_json(Json parts, const char* key) {
  if (parts.empty()) return nullptr;
  if (parts.size() == 1) return std::move(parts[0]);
  return {{"type", "Sequence"}, {key, std::move(parts)}};
}

}  // namespace gpt::text

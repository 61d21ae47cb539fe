#include "text/json_fields.h"

#include "gpt/core/error.h"

namespace gpt::text {

std::string excerpt(const nlohmann::json& value) {
  std::string text = value.dump(-1, ' ', true);  // ASCII, so that it may be cut anywhere
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

std::optional<std::int32_t> token_id(const nlohmann::json& value) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= kMaxVocabulary) return std::nullopt;
  return value.get<std::int32_t>();
}

JsonFields::JsonFields(const nlohmann::json& value, std::string where) : value_(&value), where_(std::move(where)) {
  if (!value.is_object()) {
    fail(ErrorCode::malformed, "{}: an object is expected here, found {}", where_, excerpt(value));
  }
}

const nlohmann::json* JsonFields::find(const char* key) const {
  const auto found = value_->find(key);
  return found == value_->end() || found->is_null() ? nullptr : &*found;
}

void JsonFields::wrong(const char* key, const std::string& expected) const {
  const nlohmann::json* found = find(key);
  if (found == nullptr) fail(ErrorCode::malformed, "{}: '{}' is missing, but {} is expected", where_, key, expected);
  fail(ErrorCode::malformed, "{}: '{}' is {}, but {} is expected", where_, key, excerpt(*found), expected);
}

const nlohmann::json& JsonFields::require(const char* key, const std::string& expected) const {
  const nlohmann::json* found = find(key);
  if (found == nullptr) wrong(key, expected);
  return *found;
}

JsonFields JsonFields::object(const char* key) const {
  return JsonFields(require(key, "an object"), where_ + ": " + key);
}

const nlohmann::json& JsonFields::array(const char* key) const {
  const nlohmann::json& found = require(key, "a list");
  if (!found.is_array()) wrong(key, "a list");
  return found;
}

std::string JsonFields::text(const char* key) const {
  const nlohmann::json& found = require(key, "a text");
  if (!found.is_string()) wrong(key, "a text");
  return found.get<std::string>();
}

std::string JsonFields::text_or(const char* key, const std::string& otherwise) const {
  return find(key) == nullptr ? otherwise : text(key);
}

bool JsonFields::flag(const char* key, bool otherwise) const {
  const nlohmann::json* found = find(key);
  if (found == nullptr) return otherwise;
  if (!found->is_boolean()) wrong(key, "true or false");
  return found->get<bool>();
}

AddedToken JsonFields::added_token(std::int32_t id) const {
  AddedToken token;
  token.id = id;
  token.content = text("content");
  token.special = flag("special", false);
  token.single_word = flag("single_word", false);
  token.lstrip = flag("lstrip", false);
  token.rstrip = flag("rstrip", false);
  token.normalized = flag("normalized", !token.special);
  return token;
}

}  // namespace gpt::text

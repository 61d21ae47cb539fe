// Fields of a JSON object, with errors that name file and field.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "text/spec.h"

namespace gpt::text {

/// One object of a JSON file. Kept by reference: it must outlive the reader.
class JsonFields {
 public:
  /// `where` is the file and the path of keys inside it, for messages. Error malformed if the value is no object.
  JsonFields(const nlohmann::json& value, std::string where);

  const std::string& where() const { return where_; }
  /// Null where the key is absent or holds null.
  const nlohmann::json* find(const char* key) const;

  JsonFields object(const char* key) const;
  const nlohmann::json& array(const char* key) const;
  std::string text(const char* key) const;
  std::string text_or(const char* key, const std::string& otherwise) const;
  bool flag(const char* key, bool otherwise) const;

  /// An entry of a list of added tokens (its id stands elsewhere in some formats).
  AddedToken added_token(std::int32_t id) const;

  /// Error malformed: "WHERE: KEY is VALUE, but EXPECTED".
  [[noreturn]] void wrong(const char* key, const std::string& expected) const;

 private:
  const nlohmann::json& require(const char* key, const std::string& expected) const;

  const nlohmann::json* value_;
  std::string where_;
};

/// A value for a message, cut to 60 characters.
std::string excerpt(const nlohmann::json& value);

/// A token id: an integer from 0 to kMaxVocabulary - 1; nullopt for anything else.
std::optional<std::int32_t> token_id(const nlohmann::json& value);

}  // namespace gpt::text

// config.json, read so that nothing in it is passed over: what a family asks for, what is known to be harmless, and the
// rest refused by name.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "gpt/model/config.h"

namespace gpt {

/// Reads settings and refuses what they cannot be. Notes which were asked for.
class ConfigReader {
 public:
  /// Both must outlive the reader.
  ConfigReader(const nlohmann::json& json, std::string_view where) : json_(json), where_(where) {}
  bool has(const std::string& key) const;           ///< there and not null
  bool contains(const std::string& key) const;      ///< there
  std::int64_t size(const std::string& key) const;  ///< required; 1 to 2^31 - 1
  std::int64_t size_or(const std::string& key, std::int64_t otherwise) const {
    return has(key) ? size(key) : otherwise;
  }
  double number_or(const std::string& key, double otherwise) const;
  bool flag_or(const std::string& key, bool otherwise) const;
  std::string text_or(const std::string& key, const std::string& otherwise) const;
  std::optional<std::int32_t> token(const std::string& key) const;
  /// What every family spells alike: the deviation of fresh weights and the special tokens.
  void common(ModelConfig& config) const;
  /// Error unsupported unless the setting is absent or one of these.
  void only(const std::string& key, std::initializer_list<nlohmann::json> allowed) const;
  /// Which of GELU's forms this key names; `otherwise` where it is absent. Error unsupported for another activation.
  MlpKind gelu_or(const std::string& key, MlpKind otherwise) const;
  /// After the family has asked for all it knows. Error unsupported for a setting nobody asked for that may change the
  /// numbers, by its name; others are logged. Settings that are off (null, false, 0, empty) pass.
  void refuse_unknown() const;
  /// Error unsupported for any setting nobody asked for that is not null.
  void refuse_others() const;

  const nlohmann::json& json() const { return json_; }
  const std::string& where() const { return where_; }

 private:
  [[noreturn]] void wrong(const std::string& key, const char* wanted) const;
  const nlohmann::json& json_;
  std::string where_;
  mutable std::set<std::string> asked_;
};

/// How config.json spells an activation of the GELU kind.
std::string_view gelu_name(MlpKind kind);

}  // namespace gpt

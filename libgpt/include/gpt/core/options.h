// Options by name: what a task or a command understands, with its default and help, and the values somebody gave.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace gpt {

struct OptionSpec {
  enum class Kind { flag, text, integer, number, list };

  std::string name;  ///< with underscores: "text_column"; the command line takes dashes too
  Kind kind = Kind::text;
  std::string default_value;              ///< as on the command line; "" where there is none
  std::string help;                       ///< one line
  std::vector<std::string> choices = {};  ///< for text: the only values allowed; empty means any
  std::vector<std::string> aliases = {};  ///< other names of the same option
};

/// Declared options and their values. Values are kept as text and checked when set.
class Options {
 public:
  /// Error invalid_option when a name is declared twice.
  void declare(OptionSpec spec);
  const std::vector<OptionSpec>& specs() const noexcept { return specs_; }
  /// By name or alias, dashes or underscores; null if unknown.
  const OptionSpec* find(std::string_view name) const noexcept;

  /// Error invalid_option for an unknown name (with the nearest known one) or a value of the wrong kind, naming both.
  void set(std::string_view name, std::string_view value);
  bool given(std::string_view name) const;

  bool flag(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  /// A list is written with commas: "q_proj,v_proj".
  std::vector<std::string> list(std::string_view name) const;

  /// All values, given or default, by kind.
  nlohmann::json to_json() const;
  /// Sets every entry; null leaves an option as it was. Error invalid_option for names that are not declared.
  void merge_json(const nlohmann::json& values);

 private:
  struct Value {
    std::string text;
    bool given = false;
  };
  std::size_t index(std::string_view name) const;

  std::vector<OptionSpec> specs_;
  std::vector<Value> values_;
};

/// The known name nearest to a mistyped one (edit distance at most 3), or "".
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

}  // namespace gpt

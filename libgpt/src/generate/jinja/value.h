// What expressions of a template stand for: Python's values, as far as chat templates use them.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gpt::jinja {

class Value;
using List = std::vector<Value>;
using Dict = std::vector<std::pair<std::string, Value>>;

struct Undefined {
  std::string name;  ///< what was looked for
};
struct None {};

/// The most bytes of a text, and (a value counts as kValueBytes) of a list with all it holds.
constexpr std::size_t kMostBytes = std::size_t{16} << 20;
constexpr std::size_t kValueBytes = 64;
/// Error malformed for more than kMostBytes: a template must not take all memory.
void check_bytes(std::size_t bytes);

/// Copies of a list or a dict are the same list or dict, as in Python; only a namespace ever changes, and nothing but a
/// variable holds one. Errors: malformed for values of more than kMostBytes or nested more than 100 deep, unsupported
/// for a namespace in a list or a dict.
class Value {
 public:
  Value() : data_(Undefined{}) {}
  Value(Undefined undefined) : data_(std::move(undefined)) {}
  Value(None none) : data_(none) {}
  Value(bool value) : data_(value) {}
  Value(std::int64_t value) : data_(value) {}
  Value(double value) : data_(value) {}
  Value(std::string text);
  Value(const char* text) : Value(std::string(text)) {}
  Value(List list);
  Value(Dict dict, bool is_namespace = false);
  static Value from_json(const nlohmann::ordered_json& json);

  template <typename T>
  const T* as() const {
    return std::get_if<T>(&data_);
  }
  const std::string* text() const { return as<std::string>(); }
  const List* list() const {
    const auto* found = as<std::shared_ptr<List>>();
    return found != nullptr ? found->get() : nullptr;
  }
  const Dict* dict() const {
    const auto* found = as<std::shared_ptr<Dict>>();
    return found != nullptr ? found->get() : nullptr;
  }
  bool undefined() const { return as<Undefined>() != nullptr; }
  bool is_namespace() const { return is_namespace_; }
  /// Of a namespace.
  void set(const std::string& name, Value value) const;

  /// "a text", "a list", ...
  const char* kind() const;
  bool truth() const;
  /// As Python's str() has it. Error unsupported for a list or a dict.
  std::string shown() const;
  /// As json.dumps(..., ensure_ascii=False) has it.
  std::string json() const;
  /// Error malformed for what is no whole number; `where` says what needs one.
  std::int64_t whole(const char* where) const;

  friend bool operator==(const Value& a, const Value& b);
  /// By order of numbers or of texts. Error malformed for anything else.
  friend bool less(const Value& a, const Value& b);

 private:
  void hold(const Value& item);

  std::variant<Undefined, None, bool, std::int64_t, double, std::string, std::shared_ptr<List>, std::shared_ptr<Dict>>
      data_;
  bool is_namespace_ = false;
  std::uint16_t depth_ = 0;
  std::uint32_t bytes_ = kValueBytes;  // of all it holds
};
bool less(const Value& a, const Value& b);

/// The value as a number where it is one (a truth value counts as 0 or 1).
const double* number_of(const Value& value, double& room);

/// Where the code points of a UTF-8 text begin, and its end.
std::vector<std::size_t> code_points(std::string_view text);
/// Python's str.strip: of white space, or of the characters given, at the left, at the right, or both.
std::string stripped(const std::string& text, bool left, bool right, const std::string* characters = nullptr);

}  // namespace gpt::jinja

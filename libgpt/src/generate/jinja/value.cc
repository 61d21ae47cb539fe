#include "generate/jinja/value.h"

#include <algorithm>
#include <cmath>

#include "gpt/core/error.h"

namespace gpt::jinja {
namespace {

/// The code points that Python counts as white space.
bool is_space(std::string_view point) {
  static constexpr std::string_view points[] = {" ",
                                                "\t",
                                                "\n",
                                                "\r",
                                                "\v",
                                                "\f",
                                                "\x1C",
                                                "\x1D",
                                                "\x1E",
                                                "\x1F",
                                                "\xC2\x85",
                                                "\xC2\xA0",
                                                "\xE1\x9A\x80",
                                                "\xE2\x80\xA8",
                                                "\xE2\x80\xA9",
                                                "\xE2\x80\xAF",
                                                "\xE2\x81\x9F",
                                                "\xE3\x80\x80"};
  if (point.size() == 3 && point.substr(0, 2) == "\xE2\x80" && static_cast<unsigned char>(point[2]) <= 0x8A)
    return true;
  return std::find(std::begin(points), std::end(points), point) != std::end(points);
}

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string shown_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  const double magnitude = std::abs(value);
  if (magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e16)) return fmt::format("{:e}", value);
  const std::string text = fmt::format("{}", value);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

}  // namespace

void check_bytes(std::size_t bytes) {
  if (bytes > kMostBytes)
    fail(ErrorCode::malformed, "the chat template makes a value of more than {} MiB", kMostBytes >> 20);
}

Value::Value(std::string text) : data_(std::move(text)) {
  const std::size_t size = as<std::string>()->size();
  check_bytes(size);
  bytes_ += static_cast<std::uint32_t>(size);
}
Value::Value(List list) : data_(std::make_shared<List>(std::move(list))) {
  for (const Value& item : *this->list()) hold(item);
}
Value::Value(Dict dict, bool is_namespace)
    : data_(std::make_shared<Dict>(std::move(dict))), is_namespace_(is_namespace) {
  for (const auto& [name, item] : *this->dict()) hold(item);
}

void Value::hold(const Value& item) {
  constexpr std::uint16_t deepest = 100;
  if (item.is_namespace_)
    fail(ErrorCode::unsupported, "the chat template: a namespace within a value is not supported");
  depth_ = std::max(depth_, static_cast<std::uint16_t>(item.depth_ + 1));
  if (depth_ > deepest) fail(ErrorCode::malformed, "the chat template nests values more than {} deep", deepest);
  check_bytes(std::size_t{bytes_} + item.bytes_);
  bytes_ += item.bytes_;
}

Value Value::from_json(const nlohmann::ordered_json& json) {
  using Type = nlohmann::ordered_json::value_t;
  switch (json.type()) {
    case Type::boolean:
      return json.get<bool>();
    case Type::number_integer:
    case Type::number_unsigned:
      return json.get<std::int64_t>();
    case Type::number_float:
      return json.get<double>();
    case Type::string:
      return json.get<std::string>();
    case Type::array: {
      List list;
      for (const auto& item : json) list.push_back(from_json(item));
      return list;
    }
    case Type::object: {
      Dict dict;
      for (const auto& [name, item] : json.items()) dict.emplace_back(name, from_json(item));
      return dict;
    }
    default:
      return None{};
  }
}

void Value::set(const std::string& name, Value value) const {
  if (value.is_namespace_)
    fail(ErrorCode::unsupported, "the chat template: a namespace within a value is not supported");
  Dict& dict = **as<std::shared_ptr<Dict>>();
  for (auto& [key, old] : dict)
    if (key == name) {
      old = std::move(value);
      return;
    }
  dict.emplace_back(name, std::move(value));
}

const char* Value::kind() const {
  static constexpr const char* names[] = {"undefined", "none",   "a truth value", "a whole number",
                                          "a number",  "a text", "a list",        "a dict"};
  return names[data_.index()];
}

bool Value::truth() const {
  if (const auto* value = as<bool>()) return *value;
  if (const auto* value = as<std::int64_t>()) return *value != 0;
  if (const auto* value = as<double>()) return *value != 0;
  if (const auto* value = text()) return !value->empty();
  if (const auto* value = list()) return !value->empty();
  if (const auto* value = dict()) return is_namespace_ || !value->empty();
  return false;
}

std::string Value::shown() const {
  if (undefined()) return "";
  if (as<None>() != nullptr) return "None";
  if (const auto* value = as<bool>()) return *value ? "True" : "False";
  if (const auto* value = as<std::int64_t>()) return fmt::format("{}", *value);
  if (const auto* value = as<double>()) return shown_number(*value);
  if (const auto* value = text()) return *value;
  fail(ErrorCode::unsupported, "the chat template writes {} as text, which is not supported", kind());
}

std::string Value::json() const {
  if (as<None>() != nullptr) return "null";
  if (const auto* value = as<bool>()) return *value ? "true" : "false";
  if (const auto* value = text()) return quoted(*value);
  std::string out;
  if (const auto* values = list()) {
    for (const Value& value : *values) out += (out.empty() ? "" : ", ") + value.json();
    return "[" + out + "]";
  }
  if (const auto* values = dict()) {
    for (const auto& [key, value] : *values) out += (out.empty() ? "" : ", ") + quoted(key) + ": " + value.json();
    return "{" + out + "}";
  }
  if (undefined()) fail(ErrorCode::malformed, "the chat template writes something undefined as JSON");
  return shown();
}

std::int64_t Value::whole(const char* where) const {
  if (const auto* value = as<std::int64_t>()) return *value;
  if (const auto* value = as<bool>()) return *value ? 1 : 0;
  fail(ErrorCode::malformed, "the chat template: {} needs a whole number, not {}", where, kind());
}

const double* number_of(const Value& value, double& room) {
  if (const auto* truth = value.as<bool>())
    room = *truth ? 1 : 0;
  else if (const auto* whole = value.as<std::int64_t>())
    room = static_cast<double>(*whole);
  else if (const auto* number = value.as<double>())
    room = *number;
  else
    return nullptr;
  return &room;
}

bool operator==(const Value& a, const Value& b) {
  double x = 0, y = 0;
  if (const double* p = number_of(a, x)) {
    const double* q = number_of(b, y);
    return q != nullptr && *p == *q;
  }
  if (a.data_.index() != b.data_.index()) return false;
  if (a.text() != nullptr) return *a.text() == *b.text();
  if (a.list() != nullptr) return *a.list() == *b.list();
  if (a.dict() == nullptr) return true;  // none and none, undefined and undefined
  if (a.dict()->size() != b.dict()->size()) return false;
  for (const auto& [key, value] : *a.dict()) {
    const auto same = [&, name = &key](const auto& entry) { return entry.first == *name; };
    const auto found = std::find_if(b.dict()->begin(), b.dict()->end(), same);
    if (found == b.dict()->end() || !(found->second == value)) return false;
  }
  return true;
}

bool less(const Value& a, const Value& b) {
  double x = 0, y = 0;
  if (number_of(a, x) != nullptr && number_of(b, y) != nullptr) return x < y;
  if (a.text() != nullptr && b.text() != nullptr) return *a.text() < *b.text();
  fail(ErrorCode::malformed, "the chat template compares {} with {} by order", a.kind(), b.kind());
}

std::vector<std::size_t> code_points(std::string_view text) {
  std::vector<std::size_t> begins;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) begins.push_back(i);
  begins.push_back(text.size());
  return begins;
}

std::string stripped(const std::string& text, bool left, bool right, const std::string* characters) {
  const std::vector<std::size_t> points = code_points(text);
  const auto goes = [&](std::size_t i) {
    const std::string_view point = std::string_view(text).substr(points[i], points[i + 1] - points[i]);
    return characters != nullptr ? characters->find(point) != std::string::npos : is_space(point);
  };
  std::size_t first = 0, last = points.size() - 1;
  while (left && first < last && goes(first)) ++first;
  while (right && last > first && goes(last - 1)) --last;
  return text.substr(points[first], points[last] - points[first]);
}

}  // namespace gpt::jinja

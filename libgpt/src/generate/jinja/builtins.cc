#include "generate/jinja/builtins.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "gpt/core/error.h"

namespace gpt::jinja {
namespace {

constexpr std::int64_t kMostItems = 100000;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

/// Letters beyond ASCII change by rules that are not here.
std::string cased(const Given& given, std::string text, bool first_upper, bool rest_upper) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) >= 0x80) given.unsupported("on letters beyond ASCII");
    text[i] = (i == 0 ? first_upper : rest_upper) ? upper(text[i]) : lower(text[i]);
  }
  return text;
}

std::string replaced(const std::string& text, const std::string& old, const std::string& fresh) {
  if (old.empty()) return text;
  std::string out;
  std::size_t begin = 0;
  for (std::size_t at = text.find(old); at != std::string::npos; at = text.find(old, begin)) {
    out += text.substr(begin, at - begin) + fresh;
    check_bytes(out.size());
    begin = at + old.size();
  }
  return out + text.substr(begin);
}

List split(const std::string& text, const std::string& separator, std::int64_t most) {
  List parts;
  std::size_t begin = 0;
  for (std::size_t at = text.find(separator); at != std::string::npos && most != 0; at = text.find(separator, begin)) {
    check_bytes(parts.size() * kValueBytes);
    parts.emplace_back(text.substr(begin, at - begin));
    begin = at + separator.size();
    --most;
  }
  parts.emplace_back(text.substr(begin));
  return parts;
}

/// What white space separates.
List words(const std::string& text) {
  List parts;
  const auto points = code_points(text);
  std::string word;
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    const std::string point = text.substr(points[i], points[i + 1] - points[i]);
    if (!stripped(point, true, false).empty())
      word += point;
    else if (!word.empty())
      parts.emplace_back(std::exchange(word, ""));
  }
  if (!word.empty()) parts.emplace_back(std::move(word));
  return parts;
}

const std::string& needs_text(const Value& value, const Given& given) {
  if (value.text() == nullptr)
    fail(ErrorCode::malformed, "the chat template, line {}: {} needs a text, not {}", given.line, given.name,
         value.kind());
  return *value.text();
}

std::int64_t length(const Value& value, const Given& given) {
  if (value.text() != nullptr) return static_cast<std::int64_t>(code_points(*value.text()).size()) - 1;
  if (value.list() != nullptr) return static_cast<std::int64_t>(value.list()->size());
  if (value.dict() != nullptr) return static_cast<std::int64_t>(value.dict()->size());
  if (value.undefined()) return 0;
  fail(ErrorCode::malformed, "the chat template, line {}: {} has no length", given.line, value.kind());
}

Value to_int(const Value& value) {
  double room = 0;
  if (value.as<std::int64_t>() != nullptr) return value;
  if (const double* number = number_of(value, room)) return static_cast<std::int64_t>(*number);
  std::int64_t out = 0;
  if (const std::string* text = value.text()) {
    const std::string digits = stripped(*text, true, true);
    std::from_chars(digits.data(), digits.data() + digits.size(), out);
  }
  return out;
}

List pairs_of(const Value& value, const Given& given) {
  if (value.dict() == nullptr && !value.undefined()) given.unsupported("of anything but a dict");
  List out;
  if (value.dict() != nullptr)
    for (const auto& [key, item] : *value.dict()) out.emplace_back(List{key, item});
  return out;
}

std::string joined(const Value& value, const Given& given) {
  const std::string between = given.text(0, "d", "");
  std::string out;
  bool first = true;
  for (const Value& item : items_of(value)) {
    if (!first) out += between;
    out += item.shown();
    check_bytes(out.size());
    first = false;
  }
  return out;
}

Value attribute_of(const Value& item, const std::string& name) {
  if (item.dict() != nullptr)
    for (const auto& [key, found] : *item.dict())
      if (key == name) return found;
  return Undefined{name};
}

/// selectattr and rejectattr: the items whose attribute passes a test, or fails it.
List selected(const Value& value, const Given& given) {
  const std::string attribute = given.text(0, "", "");
  const bool wanted = given.name == "selectattr";
  const std::string test = given.text(1, "", "");
  const Given rest{test,
                   {given.places.begin() + std::min<std::ptrdiff_t>(2, std::ssize(given.places)), given.places.end()},
                   {},
                   given.line};
  List out;
  for (const Value& item : items_of(value)) {
    const Value found = attribute_of(item, attribute);
    if ((test.empty() ? found.truth() : tested(found, rest)) == wanted) out.push_back(item);
  }
  return out;
}

List mapped(const Value& value, const Given& given) {
  if (!given.places.empty() || given.named.size() != 1) given.unsupported("with anything but attribute=");
  const std::string attribute = given.text(0, "attribute", "");
  List out;
  for (const Value& item : items_of(value)) out.push_back(attribute_of(item, attribute));
  return out;
}

/// strftime in the C locale, whatever the host's is.
std::string formatted_time(const std::string& format, std::time_t now, const Given& given) {
  static constexpr std::array months{"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
  static constexpr std::array days{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  std::tm t{};
  localtime_r(&now, &t);
  const std::string month = months.at(static_cast<std::size_t>(t.tm_mon)),
                    day = days.at(static_cast<std::size_t>(t.tm_wday));
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out += format[i];
      continue;
    }
    switch (format[++i]) {
      case 'd':
        out += fmt::format("{:02}", t.tm_mday);
        break;
      case 'm':
        out += fmt::format("{:02}", t.tm_mon + 1);
        break;
      case 'Y':
        out += fmt::format("{}", t.tm_year + 1900);
        break;
      case 'y':
        out += fmt::format("{:02}", t.tm_year % 100);
        break;
      case 'H':
        out += fmt::format("{:02}", t.tm_hour);
        break;
      case 'M':
        out += fmt::format("{:02}", t.tm_min);
        break;
      case 'S':
        out += fmt::format("{:02}", t.tm_sec);
        break;
      case 'j':
        out += fmt::format("{:03}", t.tm_yday + 1);
        break;
      case 'B':
        out += month;
        break;
      case 'b':
        out += month.substr(0, 3);
        break;
      case 'A':
        out += day;
        break;
      case 'a':
        out += day.substr(0, 3);
        break;
      case '%':
        out += '%';
        break;
      default:
        given.unsupported(fmt::format("with %{}", format[i]).c_str());
    }
  }
  return out;
}

Value text_method(const std::string& text, const Given& given) {
  const std::string& name = given.name;
  if (name == "strip" || name == "lstrip" || name == "rstrip") {
    const Value* characters = given.find(0);
    return stripped(text, name != "rstrip", name != "lstrip", characters != nullptr ? characters->text() : nullptr);
  }
  if (name == "split") {
    const Value* separator = given.find(0, "sep");
    const Value* most = given.find(1, "maxsplit");
    if (separator == nullptr || separator->text() == nullptr) return words(text);
    if (separator->text()->empty()) given.unsupported("by an empty text");
    return split(text, *separator->text(), most != nullptr ? most->whole("split") : -1);
  }
  if (name == "startswith" || name == "endswith") {
    const std::string part = given.text(0, "", "");
    return name == "startswith" ? text.starts_with(part) : text.ends_with(part);
  }
  if (name == "upper" || name == "lower" || name == "capitalize")
    return cased(given, text, name != "lower", name == "upper");
  if (name == "replace") return replaced(text, given.text(0, "", ""), given.text(1, "", ""));
  if (name == "find") {
    const std::size_t at = text.find(given.text(0, "", ""));
    if (at == std::string::npos) return std::int64_t{-1};
    return static_cast<std::int64_t>(code_points(std::string_view(text).substr(0, at)).size()) - 1;
  }
  given.unsupported("of a text");
}

}  // namespace

const Value* Given::find(std::size_t place, const char* called) const {
  if (place < places.size()) return &places[place];
  for (const auto& [key, value] : named)
    if (key == called) return &value;
  return nullptr;
}

std::string Given::text(std::size_t place, const char* called, const char* otherwise) const {
  const Value* found = find(place, called);
  return found != nullptr ? needs_text(*found, *this) : otherwise;
}

void Given::unsupported(const char* what) const {
  fail(ErrorCode::unsupported, "the chat template, line {}: {} {} is not supported", line, name, what);
}

List items_of(const Value& value) {
  if (value.list() != nullptr) return *value.list();
  List items;
  if (value.undefined()) return items;
  if (value.dict() != nullptr) {
    for (const auto& [key, item] : *value.dict()) items.emplace_back(key);
  } else if (value.text() != nullptr) {
    const auto points = code_points(*value.text());
    check_bytes(points.size() * kValueBytes);
    for (std::size_t i = 0; i + 1 < points.size(); ++i)
      items.emplace_back(value.text()->substr(points[i], points[i + 1] - points[i]));
  } else {
    fail(ErrorCode::malformed, "the chat template goes through {}, which has no items", value.kind());
  }
  return items;
}

bool contains(const Value& whole, const Value& part) {
  if (whole.text() != nullptr && part.text() != nullptr) return whole.text()->find(*part.text()) != std::string::npos;
  const List items = items_of(whole);
  return std::find(items.begin(), items.end(), part) != items.end();
}

Value filtered(const Value& value, const Given& given) {
  const std::string& name = given.name;
  if (name == "trim") {
    const Value* characters = given.find(0, "chars");
    return stripped(value.shown(), true, true, characters != nullptr ? characters->text() : nullptr);
  }
  if (name == "length" || name == "count") return length(value, given);
  if (name == "upper" || name == "lower" || name == "capitalize")
    return cased(given, value.shown(), name != "lower", name == "upper");
  if (name == "string") return value.shown();
  if (name == "safe") return value;
  if (name == "int") return to_int(value);
  if (name == "list") return items_of(value);
  if (name == "items") return pairs_of(value, given);
  if (name == "selectattr" || name == "rejectattr") return selected(value, given);
  if (name == "map") return mapped(value, given);
  if (name == "join") return joined(value, given);
  if (name == "replace") return replaced(value.shown(), given.text(0, "old", ""), given.text(1, "new", ""));
  if (name == "tojson") {
    if (!given.named.empty() || !given.places.empty()) given.unsupported("with arguments");
    return value.json();
  }
  if (name == "default" || name == "d") {
    const Value* otherwise = given.find(0, "default_value");
    const Value* falsy = given.find(1, "boolean");
    const bool missing = value.undefined() || (falsy != nullptr && falsy->truth() && !value.truth());
    return !missing ? value : otherwise != nullptr ? *otherwise : Value("");
  }
  if (name == "first" || name == "last" || name == "reverse") {
    List items = items_of(value);
    if (name == "reverse") {
      std::reverse(items.begin(), items.end());
      return items;
    }
    return items.empty() ? Value(Undefined{name}) : name == "first" ? items.front() : items.back();
  }
  given.unsupported("as a filter");
}

bool tested(const Value& value, const Given& given) {
  const std::string& name = given.name;
  const auto other = [&]() -> const Value& {
    const Value* found = given.find(0);
    if (found == nullptr) given.unsupported("without something to compare with");
    return *found;
  };
  if (name == "defined") return !value.undefined();
  if (name == "undefined") return value.undefined();
  if (name == "none") return value.as<None>() != nullptr;
  if (name == "string") return value.text() != nullptr;
  if (name == "mapping") return value.dict() != nullptr;
  if (name == "sequence") return value.text() != nullptr || value.list() != nullptr || value.dict() != nullptr;
  if (name == "iterable")
    return value.text() != nullptr || value.list() != nullptr || value.dict() != nullptr || value.undefined();
  if (name == "boolean") return value.as<bool>() != nullptr;
  if (name == "integer") return value.as<std::int64_t>() != nullptr;
  if (name == "float") return value.as<double>() != nullptr;
  double room = 0;
  if (name == "number") return number_of(value, room) != nullptr;
  if (name == "true") return value.as<bool>() != nullptr && *value.as<bool>();
  if (name == "false") return value.as<bool>() != nullptr && !*value.as<bool>();
  if (name == "odd") return value.whole("odd") % 2 != 0;
  if (name == "even") return value.whole("even") % 2 == 0;
  if (name == "eq" || name == "equalto" || name == "sameas") return value == other();
  if (name == "ne") return !(value == other());
  if (name == "in") return contains(other(), value);
  given.unsupported("as a test");
}

Value method(const Value& object, const Given& given) {
  if (object.text() != nullptr) return text_method(*object.text(), given);
  if (object.dict() == nullptr) given.unsupported(fmt::format("of {}", object.kind()).c_str());
  if (given.name == "items") return pairs_of(object, given);
  if (given.name == "keys") return items_of(object);
  if (given.name == "values") {
    List out;
    for (const auto& [key, value] : *object.dict()) out.push_back(value);
    return out;
  }
  if (given.name != "get") given.unsupported("of a dict");
  const std::string key = given.text(0, "", "");
  for (const auto& [name, value] : *object.dict())
    if (name == key) return value;
  const Value* otherwise = given.find(1);
  return otherwise != nullptr ? *otherwise : Value(None{});
}

bool is_function(std::string_view name) {
  static constexpr std::array<std::string_view, 5> names{"raise_exception", "strftime_now", "namespace", "dict",
                                                         "range"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

Value function(const Given& given, std::time_t now) {
  if (given.name == "raise_exception")
    fail(ErrorCode::mismatch, "the chat template does not take these messages: {}", given.text(0, "message", ""));
  if (given.name == "strftime_now") return formatted_time(given.text(0, "format", ""), now, given);
  if (given.name == "namespace" || given.name == "dict") {
    if (!given.places.empty()) given.unsupported("of anything but names and values");
    return Value(given.named, given.name == "namespace");
  }
  if (given.name == "range" && !given.places.empty()) {
    const bool one = given.places.size() == 1;
    const std::int64_t first = one ? 0 : given.places[0].whole("range"), end = given.places[one ? 0 : 1].whole("range"),
                       step = given.places.size() > 2 ? given.places[2].whole("range") : 1;
    if (step == 0) given.unsupported("with a step of 0");
    List out;
    for (std::int64_t i = first; step > 0 ? i < end : i > end; i += step) {
      if (static_cast<std::int64_t>(out.size()) == kMostItems) given.unsupported("of more than 100000 numbers");
      out.emplace_back(i);
    }
    return out;
  }
  given.unsupported("as a function");
}

}  // namespace gpt::jinja

// The filters, tests, functions and methods that chat templates use.
#pragma once

#include <ctime>
#include <string>
#include <vector>

#include "generate/jinja/value.h"

namespace gpt::jinja {

/// What a filter, test, function or method was given.
struct Given {
  const std::string& name;
  std::vector<Value> places;
  Dict named;
  std::size_t line;

  /// The argument at a place, or of a name; null if it was not given.
  const Value* find(std::size_t place, const char* called = "") const;
  std::string text(std::size_t place, const char* called, const char* otherwise) const;
  [[noreturn]] void unsupported(const char* what) const;
};

/// Each: error unsupported names what there is not.
Value filtered(const Value& value, const Given& given);
bool tested(const Value& value, const Given& given);
Value method(const Value& object, const Given& given);
/// `now`: for strftime_now. raise_exception is error mismatch with the template's message.
Value function(const Given& given, std::time_t now);
bool is_function(std::string_view name);

/// Items that a loop goes through: a list's, a dict's keys, a text's characters, nothing of what is undefined.
List items_of(const Value& value);
bool contains(const Value& whole, const Value& part);

}  // namespace gpt::jinja

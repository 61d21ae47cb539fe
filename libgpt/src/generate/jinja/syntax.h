// A template as a tree.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "generate/jinja/value.h"

namespace gpt::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

struct Argument {
  std::string name;  ///< "" for one that is known by its place
  ExpressionPtr value;
};

struct Expression {
  enum class Kind {
    constant,   ///< value
    name,       ///< text
    list,       ///< parts
    dict,       ///< parts: key, value, key, value, ...
    attribute,  ///< parts[0].text
    subscript,  ///< parts[0][parts[1]]
    slice,      ///< parts[0][parts[1]:parts[2]:parts[3]], the last three may be null
    call,       ///< parts[0](arguments)
    filter,     ///< parts[0] | text(arguments)
    test,       ///< parts[0] is text arguments
    unary,      ///< text parts[0]
    binary,     ///< parts[0] text parts[1]
    condition,  ///< parts[1] if parts[0] else parts[2], which may be null
  };
  Kind kind;
  std::size_t line;
  std::string text = {};
  Value value = {};
  std::vector<ExpressionPtr> parts = {};
  std::vector<Argument> arguments = {};
  int depth = 0;  ///< of the tree below
};

struct Statement;
using Statements = std::vector<Statement>;

struct Statement {
  enum class Kind {
    text,    ///< written as it is
    output,  ///< expression
    choice,  ///< bodies[i] where conditions[i] is the first that holds; the last one may be null: else
    loop,    ///< names in expression if filter: body; otherwise where there was nothing
    set,     ///< names (one, or "namespace.attribute" in two) = expression, or body where there is none
    group,   ///< body
    loop_break,
    loop_continue
  };
  Kind kind;
  std::size_t line;
  std::string text = {};
  std::vector<std::string> names = {};
  ExpressionPtr expression = {}, filter = {};
  std::vector<ExpressionPtr> conditions = {};
  std::vector<Statements> bodies = {};
  Statements body = {}, otherwise = {};
};

/// Errors: malformed with the line, unsupported with the line and the name of what is not supported.
Statements parse(std::string_view source);

}  // namespace gpt::jinja

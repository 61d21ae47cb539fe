#include <algorithm>
#include <charconv>

#include "generate/jinja/parser.h"
#include "gpt/core/error.h"

namespace gpt::jinja {

using Form = Expression::Kind;

void ExpressionParser::wrong(std::string_view what) const {
  fail(ErrorCode::malformed, "the chat template, line {}: {}", token().line, what);
}
void ExpressionParser::unsupported(std::string_view what) const {
  fail(ErrorCode::unsupported, "the chat template, line {}: {} is not supported", token().line, what);
}

ExpressionParser::Depth::Depth(ExpressionParser& parser) : depth_(parser.depth_) {
  if (++depth_ > 200) parser.wrong("it is nested more than 200 deep");
}

bool ExpressionParser::take_symbol(std::string_view symbol) {
  if (!at_symbol(symbol)) return false;
  take();
  return true;
}
bool ExpressionParser::take_name(std::string_view name) {
  if (!at_name(name)) return false;
  take();
  return true;
}
void ExpressionParser::expect_symbol(std::string_view symbol) {
  if (!take_symbol(symbol)) wrong(fmt::format("expected \"{}\" before \"{}\"", symbol, token().value));
}
std::string ExpressionParser::expect_name(const char* what) {
  if (!at(Kind::name)) wrong(fmt::format("expected {}, not \"{}\"", what, token().value));
  return take().value;
}
void ExpressionParser::expect(Kind kind, const char* what) {
  if (!at(kind)) wrong(fmt::format("expected {} before \"{}\"", what, token().value));
  take();
}

ExpressionPtr ExpressionParser::node(Form kind, std::string text, ExpressionPtr first, ExpressionPtr second) const {
  auto made = std::make_unique<Expression>(Expression{kind, token().line, std::move(text)});
  if (first) adopt(*made, std::move(first));
  if (second) adopt(*made, std::move(second));
  return made;
}

void ExpressionParser::adopt(Expression& parent, ExpressionPtr part) const {
  measure(parent, part.get());
  parent.parts.push_back(std::move(part));
}

void ExpressionParser::measure(Expression& parent, const Expression* part) const {
  if (part == nullptr) return;
  parent.depth = std::max(parent.depth, part->depth + 1);
  if (parent.depth > 400) wrong("it is nested more than 400 deep");
}

ExpressionPtr ExpressionParser::expression() {
  ExpressionPtr first = condition();
  if (!at_symbol(",")) return first;
  ExpressionPtr tuple = node(Form::list, "", std::move(first));
  while (take_symbol(",") && !at(Kind::block_end) && !at(Kind::output_end)) adopt(*tuple, condition());
  return tuple;
}

ExpressionPtr ExpressionParser::condition() {
  const Depth depth(*this);
  ExpressionPtr value = either();
  while (take_name("if")) {
    ExpressionPtr made = node(Form::condition, "", either(), std::move(value));
    adopt(*made, take_name("else") ? condition() : nullptr);
    value = std::move(made);
  }
  return value;
}

ExpressionPtr ExpressionParser::either() {
  ExpressionPtr left = both();
  while (take_name("or")) left = node(Form::binary, "or", std::move(left), both());
  return left;
}
ExpressionPtr ExpressionParser::both() {
  ExpressionPtr left = negation();
  while (take_name("and")) left = node(Form::binary, "and", std::move(left), negation());
  return left;
}
ExpressionPtr ExpressionParser::negation() {
  const Depth depth(*this);
  if (take_name("not")) return node(Form::unary, "not", negation());
  return comparison();
}

ExpressionPtr ExpressionParser::comparison() {
  ExpressionPtr left = sum();
  bool compared = false;
  for (;;) {
    std::string symbol;
    if (at(Kind::symbol))
      for (const std::string_view known : {"==", "!=", "<", "<=", ">", ">="})
        if (token().value == known) symbol = known;
    if (at_name("in")) symbol = "in";
    const bool negated = at_name("not");
    if (symbol.empty() && !negated) return left;
    if (compared) unsupported("a chain of comparisons");
    take();
    if (negated && !take_name("in")) wrong("\"not\" stands here without \"in\"");
    left = node(Form::binary, negated ? "not in" : symbol, std::move(left), sum());
    compared = true;
  }
}

ExpressionPtr ExpressionParser::binary(Level next, std::initializer_list<std::string_view> symbols) {
  ExpressionPtr left = (this->*next)();
  for (;;) {
    std::string found;
    for (const std::string_view symbol : symbols)
      if (at_symbol(symbol)) found = symbol;
    if (found.empty()) return left;
    take();
    left = node(Form::binary, found, std::move(left), (this->*next)());
  }
}
ExpressionPtr ExpressionParser::sum() { return binary(&ExpressionParser::concatenation, {"+", "-"}); }
ExpressionPtr ExpressionParser::concatenation() { return binary(&ExpressionParser::product, {"~"}); }
ExpressionPtr ExpressionParser::product() { return binary(&ExpressionParser::power, {"*", "/", "//", "%"}); }
ExpressionPtr ExpressionParser::power() {
  ExpressionPtr left = unary();
  if (at_symbol("**")) unsupported("the operator **");
  return left;
}
ExpressionPtr ExpressionParser::unary() { return operand(true); }

ExpressionPtr ExpressionParser::operand(bool filters) {
  const Depth depth(*this);
  ExpressionPtr value;
  if (at_symbol("-") || at_symbol("+")) {
    const std::string sign = take().value;
    value = node(Form::unary, sign, operand(false));
  } else {
    value = postfix(primary());
  }
  return filters ? filters_and_tests(std::move(value)) : std::move(value);
}

ExpressionPtr ExpressionParser::primary() {
  if (take_symbol("(")) {
    ExpressionPtr inner = at_symbol(")") ? node(Form::list, "") : condition();
    if (at_symbol(",")) {
      inner = node(Form::list, "", std::move(inner));
      while (take_symbol(",") && !at_symbol(")")) adopt(*inner, condition());
    }
    expect_symbol(")");
    return inner;
  }
  if (take_symbol("[")) return list("]");
  if (take_symbol("{")) return dict();
  const Token found = take();
  ExpressionPtr made = node(Form::constant, "");
  if (found.kind == Kind::string) {
    std::string text = found.value;
    while (at(Kind::string)) text += take().value;
    made->value = Value(std::move(text));
  } else if (found.kind == Kind::integer) {
    std::int64_t number = 0;
    const char* const end = found.value.data() + found.value.size();
    if (std::from_chars(found.value.data(), end, number).ec != std::errc()) wrong("a number is too large");
    made->value = Value(number);
  } else if (found.kind == Kind::number) {
    double number = 0;
    std::from_chars(found.value.data(), found.value.data() + found.value.size(), number);
    made->value = Value(number);
  } else if (found.kind != Kind::name) {
    wrong(fmt::format("\"{}\" is no value", found.value));
  } else if (found.value == "true" || found.value == "True") {
    made->value = Value(true);
  } else if (found.value == "false" || found.value == "False") {
    made->value = Value(false);
  } else if (found.value == "none" || found.value == "None") {
    made->value = Value(None{});
  } else {
    made->kind = Form::name;
    made->text = found.value;
  }
  return made;
}

ExpressionPtr ExpressionParser::list(std::string_view closing) {
  ExpressionPtr made = node(Form::list, "");
  while (!take_symbol(closing)) {
    if (!made->parts.empty()) expect_symbol(",");
    if (take_symbol(closing)) break;
    adopt(*made, condition());
  }
  return made;
}

ExpressionPtr ExpressionParser::dict() {
  ExpressionPtr made = node(Form::dict, "");
  while (!take_symbol("}")) {
    if (!made->parts.empty()) expect_symbol(",");
    if (take_symbol("}")) break;
    adopt(*made, condition());
    expect_symbol(":");
    adopt(*made, condition());
  }
  return made;
}

ExpressionPtr ExpressionParser::postfix(ExpressionPtr base) {
  for (;;) {
    if (take_symbol(".")) {
      if (at(Kind::integer)) unsupported("a number after a dot");
      base = node(Form::attribute, expect_name("a name after the dot"), std::move(base));
    } else if (take_symbol("[")) {
      base = subscript(std::move(base));
    } else if (at_symbol("(")) {
      base = node(Form::call, "", std::move(base));
      base->arguments = arguments();
      for (const Argument& argument : base->arguments) measure(*base, argument.value.get());
    } else {
      return base;
    }
  }
}

ExpressionPtr ExpressionParser::subscript(ExpressionPtr base) {
  ExpressionPtr bounds[3];
  std::size_t count = 0;
  bool slice = false;
  while (!take_symbol("]")) {
    if (take_symbol(":")) {
      slice = true;
      if (++count > 2) wrong("a slice has three parts at most");
    } else if (bounds[count]) {
      wrong(fmt::format("\"{}\" has no place between [ and ]", token().value));
    } else {
      bounds[count] = condition();
    }
  }
  if (!slice && !bounds[0]) wrong("nothing stands between [ and ]");
  ExpressionPtr made = node(slice ? Form::slice : Form::subscript, "", std::move(base));
  for (std::size_t i = 0; i < (slice ? 3U : 1U); ++i) adopt(*made, std::move(bounds[i]));
  return made;
}

ExpressionPtr ExpressionParser::filters_and_tests(ExpressionPtr base) {
  for (;;) {
    if (take_symbol("|")) {
      base = node(Form::filter, expect_name("the name of a filter"), std::move(base));
      if (at_symbol("(")) base->arguments = arguments();
      for (const Argument& argument : base->arguments) measure(*base, argument.value.get());
    } else if (take_name("is")) {
      base = test(std::move(base));
    } else {
      return base;
    }
  }
}

ExpressionPtr ExpressionParser::test(ExpressionPtr base) {
  const bool negated = take_name("not");
  ExpressionPtr made = node(Form::test, expect_name("the name of a test"), std::move(base));
  if (at_symbol("(")) {
    made->arguments = arguments();
  } else if (at(Kind::string) || at(Kind::integer) || at(Kind::number) || at_symbol("[") || at_symbol("{") ||
             (at(Kind::name) && !at_name("and") && !at_name("or") && !at_name("if") && !at_name("else") &&
              !at_name("is") && !at_name("in") && !at_name("not"))) {
    made->arguments.push_back({"", postfix(primary())});
  }
  for (const Argument& argument : made->arguments) measure(*made, argument.value.get());
  return negated ? node(Form::unary, "not", std::move(made)) : std::move(made);
}

std::vector<Argument> ExpressionParser::arguments() {
  std::vector<Argument> list;
  expect_symbol("(");
  while (!take_symbol(")")) {
    if (!list.empty()) expect_symbol(",");
    if (take_symbol(")")) break;
    if (at_symbol("*") || at_symbol("**")) unsupported("spreading arguments");
    Argument argument{"", condition()};
    if (argument.value->kind == Form::name && take_symbol("=")) {
      argument.name = argument.value->text;
      argument.value = condition();
    }
    list.push_back(std::move(argument));
  }
  return list;
}

}  // namespace gpt::jinja

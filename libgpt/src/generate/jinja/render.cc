#include "generate/jinja/render.h"

#include <algorithm>
#include <cmath>

#include "generate/jinja/builtins.h"
#include "gpt/core/error.h"

namespace gpt::jinja {
namespace {

constexpr std::int64_t kMostSteps = 1'000'000;

enum class Flow { on, leave, next };

class Renderer {
 public:
  Renderer(const Dict& variables, std::time_t now) : scopes_{variables}, now_(now) {}

  std::string run(const Statements& statements) {
    execute(statements);
    return std::move(out_);
  }

 private:
  [[noreturn]] static void wrong(std::size_t line, std::string_view what) {
    fail(ErrorCode::malformed, "the chat template, line {}: {}", line, what);
  }

  void count_step(std::size_t line) {
    if (++steps_ > kMostSteps) wrong(line, "it takes more than a million steps");
  }

  void write(std::string_view text, std::size_t line) {
    out_ += text;
    if (out_.size() > kMostBytes) wrong(line, "the text is longer than 16 MiB");
  }

  Flow execute(const Statements& statements) {
    for (const Statement& statement : statements)
      if (const Flow flow = execute(statement); flow != Flow::on) return flow;
    return Flow::on;
  }

  Flow execute(const Statement& s) {
    switch (s.kind) {
      case Statement::Kind::text:
        write(s.text, s.line);
        break;
      case Statement::Kind::output:
        write(value(*s.expression).shown(), s.line);
        break;
      case Statement::Kind::choice:
        for (std::size_t i = 0; i < s.conditions.size(); ++i)
          if (s.conditions[i] == nullptr || value(*s.conditions[i]).truth()) return execute(s.bodies[i]);
        break;
      case Statement::Kind::loop:
        loop(s);
        break;
      case Statement::Kind::set:
        set(s);
        break;
      case Statement::Kind::group:
        return execute(s.body);
      case Statement::Kind::loop_break:
        return Flow::leave;
      case Statement::Kind::loop_continue:
        return Flow::next;
    }
    return Flow::on;
  }

  void set(const Statement& s) {
    Value fresh;
    if (s.expression) {
      fresh = value(*s.expression);
    } else {
      std::string before;
      before.swap(out_);
      execute(s.body);
      fresh = Value(std::move(out_));
      out_ = std::move(before);
    }
    if (s.names.size() == 1) return assign(scopes_.back(), s.names[0], std::move(fresh));
    const Value target = find(s.names[0]);
    if (!target.is_namespace()) wrong(s.line, fmt::format("{} is no namespace", s.names[0]));
    target.set(s.names[1], std::move(fresh));
  }

  static void assign(Dict& scope, const std::string& name, Value fresh) {
    for (auto& [key, old] : scope)
      if (key == name) {
        old = std::move(fresh);
        return;
      }
    scope.emplace_back(name, std::move(fresh));
  }

  void bind(const Statement& s, const Value& item) {
    if (s.names.size() == 1) return assign(scopes_.back(), s.names[0], item);
    const List parts = items_of(item);
    if (parts.size() != s.names.size())
      wrong(s.line, fmt::format("a loop over {} names goes through items of {}", s.names.size(), parts.size()));
    for (std::size_t i = 0; i < parts.size(); ++i) assign(scopes_.back(), s.names[i], parts[i]);
  }

  void loop(const Statement& s) {
    List items = items_of(value(*s.expression));
    if (s.filter) {
      List kept;
      for (const Value& item : items) {
        scopes_.emplace_back();
        bind(s, item);
        if (value(*s.filter).truth()) kept.push_back(item);
        scopes_.pop_back();
      }
      items = std::move(kept);
    }
    const auto count = static_cast<std::int64_t>(items.size());
    for (std::int64_t i = 0; i < count; ++i) {
      count_step(s.line);
      const auto at = static_cast<std::size_t>(i);
      Dict state{{"index", i + 1},
                 {"index0", i},
                 {"first", i == 0},
                 {"last", i + 1 == count},
                 {"revindex", count - i},
                 {"length", count},
                 {"revindex0", count - i - 1},
                 {"previtem", i > 0 ? items[at - 1] : Value(Undefined{"loop.previtem"})},
                 {"nextitem", i + 1 < count ? items[at + 1] : Value(Undefined{"loop.nextitem"})}};
      scopes_.push_back({{"loop", Value(std::move(state))}});
      bind(s, items[at]);
      const Flow flow = execute(s.body);
      scopes_.pop_back();
      if (flow == Flow::leave) break;
    }
    if (items.empty()) execute(s.otherwise);
  }

  Value find(const std::string& name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
      for (const auto& [key, found] : *scope)
        if (key == name) return found;
    if (is_function(name)) return Value(Dict(), true);  // to be asked whether it is defined
    return Undefined{name};
  }

  Value value(const Expression& e) {
    using Form = Expression::Kind;
    count_step(e.line);
    switch (e.kind) {
      case Form::constant:
        return e.value;
      case Form::name:
        return find(e.text);
      case Form::list: {
        List list;
        for (const ExpressionPtr& part : e.parts) list.push_back(value(*part));
        return list;
      }
      case Form::dict:
        return dict(e);
      case Form::attribute:
        return attribute(value(*e.parts[0]), e.text, e.line);
      case Form::subscript:
        return subscript(e);
      case Form::slice:
        return slice(e);
      case Form::call:
        return call(e);
      case Form::filter:
        return filtered(value(*e.parts[0]), given(e.text, e));
      case Form::test:
        return tested(value(*e.parts[0]), given(e.text, e));
      case Form::unary:
        return unary(e);
      case Form::binary:
        return binary(e);
      case Form::condition:
        if (value(*e.parts[0]).truth()) return value(*e.parts[1]);
        return e.parts[2] ? value(*e.parts[2]) : Value();
    }
    return {};
  }

  Value dict(const Expression& e) {
    Dict made;
    for (std::size_t i = 0; i + 1 < e.parts.size(); i += 2) {
      const Value key = value(*e.parts[i]);
      if (key.text() == nullptr)
        fail(ErrorCode::unsupported, "the chat template, line {}: a key that is no text is not supported", e.line);
      assign(made, *key.text(), value(*e.parts[i + 1]));
    }
    return made;
  }

  static Value attribute(const Value& base, const std::string& name, std::size_t line) {
    if (const auto* missing = base.as<Undefined>()) wrong(line, fmt::format("'{}' is undefined", missing->name));
    if (base.dict() != nullptr)
      for (const auto& [key, found] : *base.dict())
        if (key == name) return found;
    return Undefined{name};
  }

  Value subscript(const Expression& e) {
    const Value base = value(*e.parts[0]), key = value(*e.parts[1]);
    if (key.text() != nullptr) return attribute(base, *key.text(), e.line);
    if (base.undefined()) return attribute(base, "", e.line);
    if (base.dict() != nullptr) return Undefined{key.shown()};
    const std::int64_t index = key.whole("an index");
    const List items = items_of(base);
    const auto count = static_cast<std::int64_t>(items.size());
    const std::int64_t at = index < 0 ? index + count : index;
    return at >= 0 && at < count ? items[static_cast<std::size_t>(at)] : Value(Undefined{fmt::format("{}", index)});
  }

  Value slice(const Expression& e) {
    const Value base = value(*e.parts[0]);
    const List items = items_of(base);
    const auto count = static_cast<std::int64_t>(items.size());
    const auto bound = [&](std::size_t part, std::int64_t otherwise, std::int64_t least, std::int64_t most) {
      if (!e.parts[part]) return otherwise;
      const Value found = value(*e.parts[part]);
      if (found.as<None>() != nullptr) return otherwise;
      const std::int64_t index = found.whole("a slice");
      return std::clamp(index < 0 ? index + count : index, least, most);
    };
    const std::int64_t step = e.parts[3] ? value(*e.parts[3]).whole("a slice") : 1;
    if (step == 0) wrong(e.line, "the step of a slice is 0");
    const bool forward = step > 0;
    const std::int64_t first = forward ? bound(1, 0, 0, count) : bound(1, count - 1, -1, count - 1),
                       end = forward ? bound(2, count, 0, count) : bound(2, -1, -1, count - 1);
    List taken;
    for (std::int64_t i = first; forward ? i < end : i > end; i += step)
      taken.push_back(items[static_cast<std::size_t>(i)]);
    if (base.text() == nullptr) return taken;
    std::string text;
    for (const Value& character : taken) text += *character.text();
    return text;
  }

  Given given(const std::string& name, const Expression& e) {
    Given all{name, {}, {}, e.line};
    for (const Argument& argument : e.arguments) {
      Value one = value(*argument.value);
      if (argument.name.empty())
        all.places.push_back(std::move(one));
      else
        all.named.emplace_back(argument.name, std::move(one));
    }
    return all;
  }

  Value call(const Expression& e) {
    const Expression& callee = *e.parts[0];
    if (callee.kind == Expression::Kind::name) return function(given(callee.text, e), now_);
    if (callee.kind != Expression::Kind::attribute)
      fail(ErrorCode::unsupported, "the chat template, line {}: calling what has no name is not supported", e.line);
    const Value object = value(*callee.parts[0]);
    if (object.undefined()) return attribute(object, callee.text, e.line);
    return method(object, given(callee.text, e));
  }

  Value unary(const Expression& e) {
    const Value operand = value(*e.parts[0]);
    if (e.text == "not") return !operand.truth();
    const std::int64_t sign = e.text == "-" ? -1 : 1;
    if (const auto* number = operand.as<double>()) return static_cast<double>(sign) * *number;
    return sign * operand.whole("a sign");
  }

  Value binary(const Expression& e) {
    const std::string& sign = e.text;
    Value left = value(*e.parts[0]);
    if (sign == "and") return left.truth() ? value(*e.parts[1]) : left;
    if (sign == "or") return left.truth() ? left : value(*e.parts[1]);
    const Value right = value(*e.parts[1]);
    if (sign == "==") return left == right;
    if (sign == "!=") return !(left == right);
    if (sign == "<") return less(left, right);
    if (sign == ">") return less(right, left);
    if (sign == "<=") return !less(right, left);
    if (sign == ">=") return !less(left, right);
    if (sign == "in") return contains(right, left);
    if (sign == "not in") return !contains(right, left);
    if (sign == "~") return left.shown() + right.shown();
    if (sign == "+" && left.text() != nullptr && right.text() != nullptr) return *left.text() + *right.text();
    if (sign == "+" && left.list() != nullptr && right.list() != nullptr) {
      check_bytes((left.list()->size() + right.list()->size()) * kValueBytes);
      List all = *left.list();
      all.insert(all.end(), right.list()->begin(), right.list()->end());
      return all;
    }
    return arithmetic(e, left, right);
  }

  static Value arithmetic(const Expression& e, const Value& left, const Value& right) {
    double x = 0, y = 0;
    for (const Value* side : {&left, &right})
      if (const auto* missing = side->as<Undefined>()) wrong(e.line, fmt::format("'{}' is undefined", missing->name));
    if (number_of(left, x) == nullptr || number_of(right, y) == nullptr)
      wrong(e.line, fmt::format("{} {} {} has no meaning", left.kind(), e.text, right.kind()));
    const bool whole = left.as<double>() == nullptr && right.as<double>() == nullptr;
    if (e.text != "+" && e.text != "-" && e.text != "*" && y == 0) wrong(e.line, "it divides by 0");
    double result = 0;
    if (e.text == "+") result = x + y;
    if (e.text == "-") result = x - y;
    if (e.text == "*") result = x * y;
    if (e.text == "/") return x / y;
    if (e.text == "//") result = std::floor(x / y);
    if (e.text == "%") result = x - std::floor(x / y) * y;
    if (!whole) return result;
    if (std::abs(result) > 0x1p53) wrong(e.line, "a number is too large");
    return static_cast<std::int64_t>(result);
  }

  std::vector<Dict> scopes_;
  std::time_t now_;
  std::string out_;
  std::int64_t steps_ = 0;
};

}  // namespace

std::string render(const Statements& statements, const Dict& variables, std::time_t now) {
  return Renderer(variables, now).run(statements);
}

}  // namespace gpt::jinja

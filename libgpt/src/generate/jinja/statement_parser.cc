#include "generate/jinja/parser.h"
#include "gpt/core/error.h"

namespace gpt::jinja {
namespace {

using Names = std::initializer_list<std::string_view>;

class StatementParser : private ExpressionParser {
 public:
  explicit StatementParser(std::string_view source) : ExpressionParser(tokens_of(source)) {}

  Statements run() {
    Statements all = until({});
    if (!at(Kind::end)) wrong(fmt::format("\"{}\" closes nothing", token().value));
    return all;
  }

 private:
  /// Statements up to a block of one of these names, whose name is the next token then; or up to the end.
  Statements until(Names closing) {
    const Depth depth(*this);
    Statements all;
    while (!at(Kind::end)) {
      const std::size_t line = token().line;
      if (at(Kind::text)) {
        all.push_back({Statement::Kind::text, line, take().value});
      } else if (at(Kind::output_begin)) {
        take();
        all.push_back({Statement::Kind::output, line});
        all.back().expression = expression();
        expect(Kind::output_end, "}}");
      } else {
        expect(Kind::block_begin, "{%");
        for (const std::string_view name : closing)
          if (at_name(name)) return all;
        all.push_back(block(expect_name("the name of a block")));
        all.back().line = line;
      }
    }
    if (closing.size() > 0) wrong(fmt::format("a block has no {{% {} %}}", *(closing.end() - 1)));
    return all;
  }

  void close(std::string_view name) {
    if (!take_name(name)) wrong(fmt::format("expected {{% {} %}}", name));
    expect(Kind::block_end, "%}");
  }

  Statement block(const std::string& name) {
    if (name == "if") return choice();
    if (name == "for") return loop();
    if (name == "set") return set();
    Statement made{Statement::Kind::group, 0};
    if (name == "break" || name == "continue") {
      made.kind = name == "break" ? Statement::Kind::loop_break : Statement::Kind::loop_continue;
      expect(Kind::block_end, "%}");
      return made;
    }
    if (name == "generation") {  // marks what the assistant says, for training
      expect(Kind::block_end, "%}");
      made.body = until({"endgeneration"});
      close("endgeneration");
      return made;
    }
    if (name.starts_with("end") || name == "else" || name == "elif")
      wrong(fmt::format("{{% {} %}} closes nothing", name));
    unsupported(fmt::format("{{% {} %}}", name));
  }

  Statement choice() {
    Statement made{Statement::Kind::choice, 0};
    ExpressionPtr condition = this->condition();
    for (;;) {
      expect(Kind::block_end, "%}");
      made.conditions.push_back(std::move(condition));
      made.bodies.push_back(until({"elif", "else", "endif"}));
      if (take_name("elif")) {
        condition = this->condition();
        continue;
      }
      if (take_name("else")) {
        expect(Kind::block_end, "%}");
        made.conditions.push_back(nullptr);
        made.bodies.push_back(until({"endif"}));
      }
      close("endif");
      return made;
    }
  }

  Statement loop() {
    Statement made{Statement::Kind::loop, 0};
    do made.names.push_back(expect_name("the name of a loop's variable"));
    while (take_symbol(","));
    if (!take_name("in")) wrong("a loop has no \"in\"");
    made.expression = either();
    if (take_name("if")) made.filter = condition();
    if (at_name("recursive")) unsupported("a recursive loop");
    expect(Kind::block_end, "%}");
    made.body = until({"else", "endfor"});
    if (take_name("else")) {
      expect(Kind::block_end, "%}");
      made.otherwise = until({"endfor"});
    }
    close("endfor");
    return made;
  }

  Statement set() {
    Statement made{Statement::Kind::set, 0};
    made.names.push_back(expect_name("the name of a variable"));
    if (take_symbol(".")) made.names.push_back(expect_name("the name of an attribute"));
    if (at_symbol(",")) unsupported("setting several variables at once");
    if (at_symbol("|")) unsupported("a filter of a {% set %} block");
    if (take_symbol("=")) {
      made.expression = expression();
      expect(Kind::block_end, "%}");
      return made;
    }
    expect(Kind::block_end, "%}");
    made.body = until({"endset"});
    close("endset");
    return made;
  }
};

}  // namespace

Statements parse(std::string_view source) { return StatementParser(source).run(); }

}  // namespace gpt::jinja

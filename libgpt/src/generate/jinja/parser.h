// Tokens -> expressions; what the parser of statements builds on.
#pragma once

#include <initializer_list>

#include "generate/jinja/lexer.h"
#include "generate/jinja/syntax.h"

namespace gpt::jinja {

/// Jinja's grammar of expressions, a function a level of precedence, loosest first.
class ExpressionParser {
 public:
  explicit ExpressionParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

 protected:
  using Kind = Token::Kind;

  ExpressionPtr expression();  // with its "if", and as a tuple where there are commas
  ExpressionPtr condition();
  ExpressionPtr either();

  const Token& token() const { return tokens_[place_]; }
  Token take() { return tokens_[place_ + 1 < tokens_.size() ? place_++ : place_]; }
  bool at(Kind kind) const { return token().kind == kind; }
  bool at_symbol(std::string_view symbol) const { return at(Kind::symbol) && token().value == symbol; }
  bool at_name(std::string_view name) const { return at(Kind::name) && token().value == name; }
  bool take_symbol(std::string_view symbol);
  bool take_name(std::string_view name);
  void expect_symbol(std::string_view symbol);
  std::string expect_name(const char* what);
  void expect(Kind kind, const char* what);
  [[noreturn]] void wrong(std::string_view what) const;
  [[noreturn]] void unsupported(std::string_view what) const;
  /// Counts how deep expressions and statements lie in one another.
  class Depth {
   public:
    explicit Depth(ExpressionParser& parser);
    ~Depth() { --depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

   private:
    int& depth_;
  };

 private:
  using Level = ExpressionPtr (ExpressionParser::*)();
  ExpressionPtr node(Expression::Kind kind, std::string text, ExpressionPtr first = nullptr,
                     ExpressionPtr second = nullptr) const;
  /// Adds a part; error malformed where the tree becomes too deep to walk.
  void adopt(Expression& parent, ExpressionPtr part) const;
  void measure(Expression& parent, const Expression* part) const;
  ExpressionPtr binary(Level next, std::initializer_list<std::string_view> symbols);
  ExpressionPtr both();
  ExpressionPtr negation();
  ExpressionPtr comparison();
  ExpressionPtr sum();
  ExpressionPtr concatenation();
  ExpressionPtr product();
  ExpressionPtr power();
  ExpressionPtr unary();
  ExpressionPtr operand(bool filters);
  ExpressionPtr primary();
  ExpressionPtr list(std::string_view closing);
  ExpressionPtr dict();
  ExpressionPtr postfix(ExpressionPtr base);
  ExpressionPtr subscript(ExpressionPtr base);
  ExpressionPtr filters_and_tests(ExpressionPtr base);
  ExpressionPtr test(ExpressionPtr base);
  std::vector<Argument> arguments();

  std::vector<Token> tokens_;
  std::size_t place_ = 0;
  int depth_ = 0;
};

}  // namespace gpt::jinja

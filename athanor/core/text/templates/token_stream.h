#pragma once
// Tokens read one after the other, and how deep the parser is in them.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/text/templates/budget.h"
#include "athanor/core/text/templates/lexer.h"

namespace athanor::text::templates {

class TokenStream {
 public:
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& current() const { return tokens_[at_]; }
  const Token& ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  int line() const { return current().line; }
  bool is(TokenKind kind) const { return current().kind == kind; }
  bool is_name(std::string_view text) const { return is(TokenKind::kName) && current().text == text; }
  bool is_sign(std::string_view text) const { return is(TokenKind::kOperator) && current().text == text; }

  Token next();
  bool skip_name(std::string_view text) { return is_name(text) && (next(), true); }
  bool skip_sign(std::string_view text) { return is_sign(text) && (next(), true); }
  /// The token, or a SyntaxFault that says what was expected.
  Token expect(TokenKind kind);
  void expect_name(std::string_view text);
  void expect_sign(std::string_view text);
  [[noreturn]] void fail(std::string what) const { throw SyntaxFault{line(), std::move(what)}; }

  size_t position() const { return at_; }
  /// Whether the name stands among the tokens read since `begin`, other than behind a dot.
  bool names_since(size_t begin, std::string_view name) const;

  int depth() const { return depth_; }
  /// The deepest place seen since it was set to another.
  int& deepest() { return deepest_; }

 private:
  friend class Nest;
  [[noreturn]] void unexpected(const std::string& wanted) const;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0, deepest_ = 0;
};

/// Syntax inside other syntax, until the end of the C++ block.
class Nest {
 public:
  /// `open` false: nothing is nested until deeper() says so.
  explicit Nest(TokenStream& stream, bool open = true) : stream_(stream) {
    if (open) deeper();
  }
  Nest(const Nest&) = delete;
  Nest& operator=(const Nest&) = delete;
  ~Nest() { stream_.depth_ -= levels_; }
  /// What follows wraps what was read: a + b + c is ((a + b) + c).
  void deeper();

 private:
  TokenStream& stream_;
  int levels_ = 0;
};

}  // namespace athanor::text::templates

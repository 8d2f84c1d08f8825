#pragma once
// Expressions, by jinja2's grammar: from the loosest binding (a if b else c) to the tightest.

#include "athanor/core/text/templates/expressions.h"
#include "athanor/core/text/templates/token_stream.h"

namespace athanor::text::templates {

class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& stream) : stream_(stream) {}

  /// `conditional`: whether `a if b` is read; a loop's items end before its own `if`.
  ExpressionPtr expression(bool conditional = true);
  /// Expressions with commas between them are a tuple. `end`: a name that ends it, "" for none.
  ExpressionPtr tuple(bool conditional = true, std::string_view end = {}, bool in_brackets = false);
  /// `| name(...)` once or more, on `value` (null in filter and set blocks).
  ExpressionPtr filters(ExpressionPtr value, bool without_bar = false);

 private:
  using Level = ExpressionPtr (ExpressionParser::*)();
  ExpressionPtr conditional();
  ExpressionPtr either();
  ExpressionPtr both();
  ExpressionPtr negation();
  ExpressionPtr comparison();
  ExpressionPtr sum();
  ExpressionPtr concatenation();
  ExpressionPtr product();
  ExpressionPtr power();
  ExpressionPtr unary(bool with_filters);
  ExpressionPtr power_operand() { return unary(true); }
  ExpressionPtr primary();
  ExpressionPtr named();
  ExpressionPtr number();
  ExpressionPtr list();
  ExpressionPtr dict();
  ExpressionPtr postfix(ExpressionPtr value);
  ExpressionPtr filters_and_tests(ExpressionPtr value);
  ExpressionPtr dotted(ExpressionPtr object);
  ExpressionPtr subscripted(ExpressionPtr object);
  ExpressionPtr call(ExpressionPtr callee);
  ExpressionPtr test(ExpressionPtr value);
  ExpressionPtr chain(std::initializer_list<std::string_view> signs, Level operand);
  CallArguments call_arguments();
  bool is_tuple_end(std::string_view end) const;
  std::string dotted_name();

  TokenStream& stream_;
};

}  // namespace athanor::text::templates

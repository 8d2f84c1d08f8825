#pragma once
// Expressions of a template. Evaluation follows Python's, with jinja2's leniency: what is not there is undefined, not an error.

#include <string>
#include <utility>

#include "athanor/core/text/templates/arguments.h"
#include "athanor/core/text/templates/ast.h"

namespace athanor::text::templates {

struct Literal final : Expression {
  explicit Literal(Value v) : value(std::move(v)) {}
  Value evaluate(Interpreter&) const override { return value; }
  Value value;
};

struct Name final : Expression {
  explicit Name(std::string n) : name(std::move(n)) {}
  Value evaluate(Interpreter& interpreter) const override;
  std::string name;
};

/// [a, b] or (a, b).
struct Display final : Expression {
  Display(std::vector<ExpressionPtr> i, bool t) : items(std::move(i)), is_tuple(t) {}
  Value evaluate(Interpreter& interpreter) const override;
  std::vector<ExpressionPtr> items;
  bool is_tuple;
};

struct DictDisplay final : Expression {
  Value evaluate(Interpreter& interpreter) const override;
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> pairs;
};

/// object.name: Python's attribute first, then the item.
struct Attribute final : Expression {
  Attribute(ExpressionPtr o, std::string n) : object(std::move(o)), name(std::move(n)) {}
  Value evaluate(Interpreter& interpreter) const override;
  ExpressionPtr object;
  std::string name;
};

/// object[key]: the item first, then the attribute.
struct Subscript final : Expression {
  Subscript(ExpressionPtr o, ExpressionPtr k) : object(std::move(o)), key(std::move(k)) {}
  Value evaluate(Interpreter& interpreter) const override;
  ExpressionPtr object, key;
};

/// object[start:stop:step]; null where a part is left out.
struct Slice final : Expression {
  Value evaluate(Interpreter& interpreter) const override;
  ExpressionPtr object, start, stop, step;
};

/// What stands between the brackets of a call.
struct CallArguments {
  Arguments evaluate(Interpreter& interpreter) const;
  std::vector<ExpressionPtr> positional;
  std::vector<std::pair<std::string, ExpressionPtr>> keyword;
  ExpressionPtr more_positional, more_keyword;  // *args, **kwargs
};

struct Call final : Expression {
  Value evaluate(Interpreter& interpreter) const override;
  ExpressionPtr callee;
  CallArguments arguments;
  int line = 1;
};

/// value | name(...). Without a value: it is given by filter and set blocks.
struct FilterCall final : Expression {
  Value evaluate(Interpreter& interpreter) const override { return apply(interpreter, value->evaluate(interpreter)); }
  Value apply(Interpreter& interpreter, const Value& to) const;
  ExpressionPtr value;
  std::string name;
  CallArguments arguments;
};

/// value is name(...).
struct TestCall final : Expression {
  Value evaluate(Interpreter& interpreter) const override;
  ExpressionPtr value;
  std::string name;
  CallArguments arguments;
};

struct Not final : Expression {
  explicit Not(ExpressionPtr o) : operand(std::move(o)) {}
  Value evaluate(Interpreter& interpreter) const override;
  ExpressionPtr operand;
};

/// and, or: one of the operands.
struct Logic final : Expression {
  Logic(bool o, ExpressionPtr l, ExpressionPtr r) : is_or(o), left(std::move(l)), right(std::move(r)) {}
  Value evaluate(Interpreter& interpreter) const override;
  bool is_or;
  ExpressionPtr left, right;
};

/// -x, +x.
struct Signed final : Expression {
  Signed(bool n, ExpressionPtr o) : negative(n), operand(std::move(o)) {}
  Value evaluate(Interpreter& interpreter) const override;
  bool negative;
  ExpressionPtr operand;
};

/// + - * / // % **
struct Binary final : Expression {
  Binary(std::string s, ExpressionPtr l, ExpressionPtr r) : sign(std::move(s)), left(std::move(l)), right(std::move(r)) {}
  Value evaluate(Interpreter& interpreter) const override;
  std::string sign;
  ExpressionPtr left, right;
};

/// a ~ b ~ c: texts side by side.
struct Concat final : Expression {
  Value evaluate(Interpreter& interpreter) const override;
  std::vector<ExpressionPtr> parts;
};

/// a < b <= c, in, not in.
struct Comparison final : Expression {
  Value evaluate(Interpreter& interpreter) const override;
  ExpressionPtr first;
  std::vector<std::pair<std::string, ExpressionPtr>> rest;
};

/// a if b else c.
struct Conditional final : Expression {
  Value evaluate(Interpreter& interpreter) const override;
  ExpressionPtr condition, then, otherwise;  // `otherwise` may be null
};

}  // namespace athanor::text::templates

#pragma once
// Statements: text, print, set, if, with, filter. Loops and macros have files of their own.

#include <string>

#include "athanor/core/text/templates/expressions.h"

namespace athanor::text::templates {

/// What stands left of `=` or behind `for`: a name, namespace.attribute, or several of them.
struct Target {
  /// Faults where the value does not have as many parts, or the namespace is none.
  void assign(Interpreter& interpreter, const Value& value) const;
  std::string name, attribute;
  std::vector<Target> parts;
  bool is_tuple = false;
};

struct Text final : Statement {
  Text(int at, std::string t) : Statement(at), text(std::move(t)) {}
  Flow execute(Interpreter& interpreter) const override;
  std::string text;
};

/// {{ expression }}
struct Print final : Statement {
  Print(int at, ExpressionPtr e) : Statement(at), expression(std::move(e)) {}
  Flow execute(Interpreter& interpreter) const override;
  ExpressionPtr expression;
};

struct If final : Statement {
  using Statement::Statement;
  Flow execute(Interpreter& interpreter) const override;
  std::vector<std::pair<ExpressionPtr, Block>> branches;
  Block otherwise;
};

/// {% set target = value %}
struct Set final : Statement {
  using Statement::Statement;
  Flow execute(Interpreter& interpreter) const override;
  Target target;
  ExpressionPtr value;
};

/// {% set target | filters %} ... {% endset %} and, without a target, {% filter filters %} ... {% endfilter %}.
struct Captured final : Statement {
  using Statement::Statement;
  Flow execute(Interpreter& interpreter) const override;
  std::optional<Target> target;
  ExpressionPtr filters;  // null where there are none
  Block body;
};

/// {% with a = 1, b = 2 %}, and {% block name %} without any: a scope of its own.
struct With final : Statement {
  using Statement::Statement;
  Flow execute(Interpreter& interpreter) const override;
  std::vector<std::pair<Target, ExpressionPtr>> values;
  Block body;
};

struct Leave final : Statement {
  Leave(int at, Flow f) : Statement(at), flow(f) {}
  Flow execute(Interpreter&) const override { return flow; }
  Flow flow;
};

/// include, import, extends, from: a chat template stands alone.
struct OtherTemplate final : Statement {
  using Statement::Statement;
  Flow execute(Interpreter&) const override { fault("a chat template cannot read other templates"); }
};

}  // namespace athanor::text::templates

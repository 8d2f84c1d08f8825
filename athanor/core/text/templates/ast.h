#pragma once
// The two kinds of syntax: expressions have a value, statements write text and set names.

#include <memory>
#include <vector>

#include "athanor/core/text/templates/value.h"

namespace athanor::text::templates {

struct Expression {
  virtual ~Expression() = default;
  virtual Value evaluate(Interpreter& interpreter) const = 0;
};
using ExpressionPtr = std::unique_ptr<const Expression>;

/// How a statement ended: loops look at it.
enum class Flow { kOn, kBreak, kContinue };

struct Statement {
  explicit Statement(int at) : line(at) {}
  virtual ~Statement() = default;
  virtual Flow execute(Interpreter& interpreter) const = 0;
  const int line;
};

/// Statements, and how deep syntax is nested in them.
struct Block {
  std::vector<std::unique_ptr<const Statement>> statements;
  int depth = 0;
};

}  // namespace athanor::text::templates

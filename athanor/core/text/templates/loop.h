#pragma once
// {% for %} and the `loop` inside it.

#include <functional>

#include "athanor/core/text/templates/statements.h"

namespace athanor::text::templates {

struct For final : Statement {
  using Statement::Statement;
  Flow execute(Interpreter& interpreter) const override;
  /// One run over `items`, in the scope where the loop stands.
  void run(Interpreter& interpreter, const Value& items, Scope* home, int64_t depth) const;
  Target target;
  ExpressionPtr items, test;  // `test` may be null
  bool recursive = false;
  Block body, otherwise;
};

/// `loop`. Items that the loop's own `if` turns away are not counted; the test runs no sooner than jinja2's would.
struct Loop final : Special {
  const char* type_name() const override { return "LoopContext"; }
  bool callable() const override { return true; }
  std::optional<Value> attribute(Interpreter& interpreter, std::string_view name) override;
  Value call(Interpreter& interpreter, Arguments& arguments) override;
  void clear() override { last_changed_.clear(); }

  /// Steps to the next item; false at the end.
  bool advance();
  int64_t length(Interpreter& interpreter);

  Values source;
  std::function<bool(const Value&)> keeps;  // empty: all
  const For* statement = nullptr;
  Scope* home = nullptr;
  int64_t index0 = -1, depth = 1;
  Value current, before;

 private:
  const Value* peek();
  bool changed(Interpreter& interpreter, const Values& values);
  std::shared_ptr<Special> self() const;
  friend struct For;
  size_t next_ = 0;
  std::optional<Value> after_;
  std::optional<int64_t> length_;
  Values last_changed_;
  bool ever_changed_ = false;
  std::weak_ptr<Special> self_;
};

}  // namespace athanor::text::templates

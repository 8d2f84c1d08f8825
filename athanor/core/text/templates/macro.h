#pragma once
// {% macro %}, {% call %} and {% generation %}.

#include "athanor/core/text/templates/statements.h"

namespace athanor::text::templates {

struct Parameter {
  std::string name;
  ExpressionPtr otherwise;  // null: undefined where it is not given
};

/// Parameters and body of a macro or of a call block, and which of the special names the body reads.
struct MacroCode {
  std::string name;
  std::vector<Parameter> parameters;
  Block body;
  bool reads_caller = false, reads_varargs = false, reads_kwargs = false;
};

/// A macro that can be called. It borrows its code from the template and the scope that it was made in from the interpreter.
struct Macro final : Special {
  Macro(const MacroCode& c, Scope* h) : code(c), home(h) {}
  const char* type_name() const override { return "Macro"; }
  bool callable() const override { return true; }
  std::optional<Value> attribute(Interpreter& interpreter, std::string_view name) override;
  Value call(Interpreter& interpreter, Arguments& arguments) override;
  const MacroCode& code;
  Scope* home;

 private:
  void bind(Interpreter& interpreter, Arguments& arguments) const;
};

struct MacroStatement final : Statement {
  using Statement::Statement;
  Flow execute(Interpreter& interpreter) const override;
  MacroCode code;
};

/// {% call(args) macro(...) %} body {% endcall %}
struct CallBlock final : Statement {
  using Statement::Statement;
  Flow execute(Interpreter& interpreter) const override;
  MacroCode code;
  std::unique_ptr<const Call> call;
};

/// {% generation %} body {% endgeneration %}: what the model wrote.
struct Generation final : Statement {
  using Statement::Statement;
  Flow execute(Interpreter& interpreter) const override;
  Block body;
};

}  // namespace athanor::text::templates

#include "athanor/core/text/templates/macro.h"

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/represent.h"

namespace athanor::text::templates {

std::optional<Value> Macro::attribute(Interpreter&, std::string_view wanted) {
  if (wanted == "name") return Value::string(code.name);
  if (wanted == "catch_kwargs") return Value::boolean(code.reads_kwargs);
  if (wanted == "catch_varargs") return Value::boolean(code.reads_varargs);
  if (wanted == "caller") return Value::boolean(code.reads_caller);
  if (wanted != "arguments") return std::nullopt;
  Values names;
  for (const Parameter& p : code.parameters) names.push_back(Value::string(p.name));
  return Value::tuple(std::move(names));
}

void Macro::bind(Interpreter& interpreter, Arguments& arguments) const {
  Scope& scope = interpreter.scope();
  const size_t places = code.parameters.size();
  std::vector<std::optional<Value>> given(places);
  for (size_t i = 0; i < places; ++i)
    given[i] = i < arguments.positional.size() ? arguments.positional[i] : arguments.take(code.parameters[i].name);
  if (code.reads_caller) {
    auto caller = arguments.take("caller");
    scope.set("caller", caller ? *caller : Value::undefined("No caller defined"));
  }
  if (code.reads_kwargs) {
    Dict rest;
    for (auto& [name, value] : arguments.keyword) rest.set(name, value);
    scope.set("kwargs", Value::dict(std::move(rest)));
  } else if (!arguments.keyword.empty()) {
    fault(base::cat("macro '", code.name, "' takes no keyword argument '", arguments.keyword[0].first, "'"));
  }
  if (code.reads_varargs) {
    auto first = arguments.positional.begin() + static_cast<ptrdiff_t>(std::min(places, arguments.positional.size()));
    scope.set("varargs", Value::tuple(Values(first, arguments.positional.end())));
  } else if (arguments.positional.size() > places) {
    fault(base::cat("macro '", code.name, "' takes not more than ", places, " argument(s)"));
  }
  for (size_t i = 0; i < places; ++i) {
    const Parameter& p = code.parameters[i];
    if (given[i])
      scope.set(p.name, *given[i]);
    else if (p.otherwise)
      scope.set(p.name, p.otherwise->evaluate(interpreter));
    else
      scope.set(p.name, Value::undefined("parameter '" + p.name + "' was not provided"));
  }
}

Value Macro::call(Interpreter& interpreter, Arguments& arguments) {
  OpenCall open(interpreter, code.body.depth + 1);
  LocalScope scope(interpreter, home);
  bind(interpreter, arguments);
  Capture capture(interpreter);
  interpreter.run(code.body);
  return Value::string(capture.take());
}

Flow MacroStatement::execute(Interpreter& interpreter) const {
  auto macro = std::make_shared<Macro>(code, interpreter.capture_scope());
  interpreter.scope().set(code.name, Value::special(macro));
  return Flow::kOn;
}

Flow CallBlock::execute(Interpreter& interpreter) const {
  auto caller = std::make_shared<Macro>(code, interpreter.capture_scope());
  Value callee = call->callee->evaluate(interpreter);
  Arguments arguments = call->arguments.evaluate(interpreter);
  arguments.keyword.emplace_back("caller", Value::special(caller));
  interpreter.write(str_of(interpreter.call(callee, arguments), interpreter.budget()));
  return Flow::kOn;
}

Flow Generation::execute(Interpreter& interpreter) const {
  std::string text;
  {
    LocalScope scope(interpreter);
    Capture capture(interpreter);
    interpreter.run(body);
    text = capture.take();
  }
  interpreter.note_generation(text.size());
  interpreter.write(text);
  return Flow::kOn;
}

}  // namespace athanor::text::templates

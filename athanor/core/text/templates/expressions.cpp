#include "athanor/core/text/templates/expressions.h"

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/arithmetic.h"
#include "athanor/core/text/templates/attributes.h"
#include "athanor/core/text/templates/compare.h"
#include "athanor/core/text/templates/filters.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/items.h"
#include "athanor/core/text/templates/represent.h"
#include "athanor/core/text/templates/tests.h"

namespace athanor::text::templates {
namespace {

Values evaluate_all(const std::vector<ExpressionPtr>& expressions, Interpreter& interpreter) {
  Values values;
  values.reserve(expressions.size());
  for (const auto& e : expressions) values.push_back(e->evaluate(interpreter));
  interpreter.budget().values(values.size());
  return values;
}

bool compare(Interpreter& interpreter, const std::string& sign, const Value& a, const Value& b) {
  Budget& budget = interpreter.budget();
  if (sign == "==") return equal(a, b, budget);
  if (sign == "!=") return !equal(a, b, budget);
  if (sign == "<") return less(a, b, budget, "<");
  if (sign == ">") return less(b, a, budget, ">");
  if (sign == "<=") return less(a, b, budget, "<=") || equal(a, b, budget);
  if (sign == ">=") return less(b, a, budget, ">=") || equal(a, b, budget);
  return contains(interpreter, b, a) == (sign == "in");
}

}  // namespace

Value Name::evaluate(Interpreter& interpreter) const {
  interpreter.budget().step();
  if (const Value* value = interpreter.scope().find(name)) return *value;
  return Value::undefined("'" + name + "' is undefined");
}

Value Display::evaluate(Interpreter& interpreter) const {
  Values values = evaluate_all(items, interpreter);
  return is_tuple ? Value::tuple(std::move(values)) : Value::list(std::move(values));
}

Value DictDisplay::evaluate(Interpreter& interpreter) const {
  Dict dict;
  for (const auto& [key, value] : pairs) dict.set(key->evaluate(interpreter), value->evaluate(interpreter), interpreter.budget());
  interpreter.budget().values(2 * pairs.size());
  return Value::dict(std::move(dict));
}

Value Attribute::evaluate(Interpreter& interpreter) const { return attribute_of(interpreter, object->evaluate(interpreter), name); }

Value Subscript::evaluate(Interpreter& interpreter) const {
  Value of = object->evaluate(interpreter);
  return subscript_of(interpreter, of, key->evaluate(interpreter));
}

Value Slice::evaluate(Interpreter& interpreter) const {
  Value of = object->evaluate(interpreter);
  auto part = [&](const ExpressionPtr& e) { return e ? e->evaluate(interpreter) : Value(); };
  Value from = part(start), to = part(stop), by = part(step);
  return slice_of(interpreter, of, from, to, by);
}

Arguments CallArguments::evaluate(Interpreter& interpreter) const {
  Arguments out{evaluate_all(positional, interpreter), {}};
  if (more_positional)
    for (Value& value : iterate(interpreter, more_positional->evaluate(interpreter))) out.positional.push_back(std::move(value));
  for (const auto& [name, value] : keyword) out.keyword.emplace_back(name, value->evaluate(interpreter));
  if (!more_keyword) return out;
  Value more = more_keyword->evaluate(interpreter);
  if (!more.is(Kind::kDict)) fault("argument after ** must be a mapping, not " + type_name(more));
  interpreter.budget().values(2 * more.entries().pairs().size());
  for (const auto& [name, value] : more.entries().pairs()) {
    if (!name.is_string()) fault("keywords must be strings");
    out.keyword.emplace_back(name.text(), value);
  }
  return out;
}

Value Call::evaluate(Interpreter& interpreter) const {
  Value to = callee->evaluate(interpreter);
  Arguments given = arguments.evaluate(interpreter);
  interpreter.line = line;
  return interpreter.call(to, given);
}

Value FilterCall::apply(Interpreter& interpreter, const Value& to) const {
  Arguments given = arguments.evaluate(interpreter);
  return apply_filter(interpreter, name, to, given);
}

Value TestCall::evaluate(Interpreter& interpreter) const {
  Value of = value->evaluate(interpreter);
  Arguments given = arguments.evaluate(interpreter);
  return Value::boolean(run_test(interpreter, name, of, given));
}

Value Not::evaluate(Interpreter& interpreter) const { return Value::boolean(!truth(interpreter, operand->evaluate(interpreter))); }

Value Logic::evaluate(Interpreter& interpreter) const {
  Value first = left->evaluate(interpreter);
  return truth(interpreter, first) == is_or ? first : right->evaluate(interpreter);
}

Value Signed::evaluate(Interpreter& interpreter) const { return with_sign(operand->evaluate(interpreter), negative); }

Value Binary::evaluate(Interpreter& interpreter) const {
  Value a = left->evaluate(interpreter);
  return calculate(interpreter, sign, a, right->evaluate(interpreter));
}

Value Concat::evaluate(Interpreter& interpreter) const {
  std::string out;
  for (const auto& part : parts) {
    std::string text = str_of(part->evaluate(interpreter), interpreter.budget());
    if (out.size() + text.size() > kMostOutput) fault("a text is longer than 4 MiB");
    out += text;
  }
  return Value::string(std::move(out));
}

Value Comparison::evaluate(Interpreter& interpreter) const {
  Value a = first->evaluate(interpreter);
  for (const auto& [sign, expression] : rest) {
    Value b = expression->evaluate(interpreter);
    if (!compare(interpreter, sign, a, b)) return Value::boolean(false);
    a = std::move(b);
  }
  return Value::boolean(true);
}

Value Conditional::evaluate(Interpreter& interpreter) const {
  if (truth(interpreter, condition->evaluate(interpreter))) return then->evaluate(interpreter);
  if (otherwise) return otherwise->evaluate(interpreter);
  return Value::undefined("the inline if-expression evaluated to false and no else section was defined.");
}

}  // namespace athanor::text::templates

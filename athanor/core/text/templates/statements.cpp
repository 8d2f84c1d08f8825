#include "athanor/core/text/templates/statements.h"

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/compare.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/items.h"
#include "athanor/core/text/templates/namespace.h"
#include "athanor/core/text/templates/represent.h"

namespace athanor::text::templates {
namespace {

/// The text that stands for a filter's value is put in by the statement: filters read it from here.
Value filtered(Interpreter& interpreter, const Expression& filters, const Value& text) {
  const auto& filter = static_cast<const FilterCall&>(filters);
  return filter.apply(interpreter, filter.value ? filtered(interpreter, *filter.value, text) : text);
}

}  // namespace

void Target::assign(Interpreter& interpreter, const Value& value) const {
  if (is_tuple) {
    Values items = iterate(interpreter, value);
    if (items.size() != parts.size())
      fault(base::cat(items.size() < parts.size() ? "not enough" : "too many", " values to unpack (expected ", parts.size(), ")"));
    for (size_t i = 0; i < parts.size(); ++i) parts[i].assign(interpreter, items[i]);
  } else if (attribute.empty()) {
    interpreter.scope().set(name, value);
  } else {
    const Value* object = interpreter.scope().find(name);
    auto* space = object ? object->special_as<Namespace>() : nullptr;
    if (!space) fault("cannot assign attribute on non-namespace object");
    space->set(attribute, value);
  }
}

Flow Text::execute(Interpreter& interpreter) const {
  interpreter.write(text);
  return Flow::kOn;
}

Flow Print::execute(Interpreter& interpreter) const {
  Value value = expression->evaluate(interpreter);
  if (value.is_string())
    interpreter.write(value.text());
  else
    interpreter.write(str_of(value, interpreter.budget()));
  return Flow::kOn;
}

Flow If::execute(Interpreter& interpreter) const {
  for (const auto& [condition, body] : branches)
    if (truth(interpreter, condition->evaluate(interpreter))) return interpreter.run(body);
  return interpreter.run(otherwise);
}

Flow Set::execute(Interpreter& interpreter) const {
  target.assign(interpreter, value->evaluate(interpreter));
  return Flow::kOn;
}

Flow Captured::execute(Interpreter& interpreter) const {
  Value value;
  {
    LocalScope scope(interpreter);
    Capture capture(interpreter);
    if (Flow flow = interpreter.run(body); flow != Flow::kOn) return flow;
    value = Value::string(capture.take());
    if (filters) value = filtered(interpreter, *filters, value);
  }
  if (target)
    target->assign(interpreter, value);
  else
    interpreter.write(str_of(value, interpreter.budget()));
  return Flow::kOn;
}

Flow With::execute(Interpreter& interpreter) const {
  Values evaluated;
  for (const auto& [target, value] : values) evaluated.push_back(value->evaluate(interpreter));
  LocalScope scope(interpreter);
  for (size_t i = 0; i < values.size(); ++i) values[i].first.assign(interpreter, evaluated[i]);
  return interpreter.run(body);
}

}  // namespace athanor::text::templates

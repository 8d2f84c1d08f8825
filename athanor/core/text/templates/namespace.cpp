#include "athanor/core/text/templates/namespace.h"

#include "athanor/core/text/templates/arguments.h"
#include "athanor/core/text/templates/function.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/items.h"

namespace athanor::text::templates {

std::optional<Value> Namespace::attribute(Interpreter&, std::string_view name) {
  const Value* found = attributes.find(name);
  return found ? std::optional(*found) : std::nullopt;
}

void Namespace::set(const std::string& name, Value value) {
  if (name.starts_with('_')) fault("a namespace cannot have the attribute '" + name + "', which begins with an underscore");
  attributes.set(name, std::move(value));
}

Value make_namespace(Interpreter& interpreter, Arguments& arguments) {
  if (arguments.positional.size() > 1) fault("namespace() takes at most one positional argument");
  auto space = std::make_shared<Namespace>();
  const Dict first = arguments.positional.empty() ? Dict() : dict_from(interpreter, arguments.positional[0]);
  for (const auto& [key, value] : first.pairs()) {
    if (!key.is_string()) fault("a namespace's attributes must have names");
    space->set(key.text(), value);
  }
  for (auto& [name, value] : arguments.keyword) space->set(name, value);
  interpreter.empty_at_end(space);
  return Value::special(space);
}

std::optional<Value> Cycler::attribute(Interpreter&, std::string_view name) {
  if (name == "current") return items[at];
  auto next = [self = shared_from_this()](Interpreter&, const Given&) {
    Value value = self->items[self->at];
    self->at = (self->at + 1) % self->items.size();
    return value;
  };
  auto reset = [self = shared_from_this()](Interpreter&, const Given&) { return self->at = 0, Value(); };
  if (name == "next") return function("next", "", next, nesting);
  if (name == "reset") return function("reset", "", reset, nesting);
  return std::nullopt;
}

Value make_cycler(Interpreter&, Arguments& arguments) {
  if (arguments.positional.empty()) fault("at least one item has to be provided");
  auto cycler = std::make_shared<Cycler>();
  cycler->items = arguments.positional;
  cycler->nesting = Value::list(arguments.positional).nesting();
  return Value::special(cycler);
}

Value Joiner::call(Interpreter&, Arguments&) {
  if (used) return separator;
  used = true;
  return Value::string("");
}

Value make_joiner(Interpreter&, Arguments& arguments) {
  Given given("joiner", "sep?", arguments);
  auto joiner = std::make_shared<Joiner>();
  joiner->separator = given.value_or(0, Value::string(", "));
  joiner->nesting = joiner->separator.nesting();
  return Value::special(joiner);
}

}  // namespace athanor::text::templates

#include "athanor/core/text/templates/attributes.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/items.h"
#include "athanor/core/text/templates/methods.h"
#include "athanor/core/text/templates/number_text.h"
#include "athanor/core/text/templates/python_text.h"
#include "athanor/core/text/templates/represent.h"

namespace athanor::text::templates {
namespace {

/// Methods that would change the value: the sandbox hides them.
bool changes(const Value& object, std::string_view name) {
  static constexpr std::string_view kOfLists[] = {"append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"};
  static constexpr std::string_view kOfDicts[] = {"clear", "pop", "popitem", "setdefault", "update"};
  if (object.is(Kind::kList)) return std::find(std::begin(kOfLists), std::end(kOfLists), name) != std::end(kOfLists);
  if (object.is(Kind::kDict)) return std::find(std::begin(kOfDicts), std::end(kOfDicts), name) != std::end(kOfDicts);
  return false;
}

Value unsafe(const Value& object, std::string_view name) {
  return Value::undefined(base::cat("access to attribute '", name, "' of '", type_name(object), "' object is unsafe."));
}

std::string described(const Value& object) { return object.is_none() ? "None" : type_name(object) + " object"; }

Value missing(Interpreter& interpreter, const Value& object, const Value& key) {
  if (key.is_string()) return Value::undefined(base::cat("'", described(object), "' has no attribute '", key.text(), "'"));
  return Value::undefined(base::cat(described(object), " has no element ", repr_of(key, interpreter.budget())));
}

}  // namespace

std::optional<Value> own_attribute(Interpreter& interpreter, const Value& object, std::string_view name) {
  if (name.starts_with("__") && name.ends_with("__")) return unsafe(object, name);
  if (changes(object, name)) return unsafe(object, name);
  if (object.is(Kind::kSpecial)) return object.as<Special>().attribute(interpreter, name);
  if (object.is(Kind::kTuple) && object.as<Sequence>().is_group && (name == "grouper" || name == "list"))
    return object.items()[name == "grouper" ? 0 : 1];
  return method_of(object, name);
}

Value attribute_of(Interpreter& interpreter, const Value& object, std::string_view name) {
  interpreter.budget().step();
  if (object.is_undefined()) fault(object.text());
  if (auto own = own_attribute(interpreter, object, name)) return *own;
  Value key = Value::string(std::string(name));
  if (auto item = item_of(interpreter, object, key)) return *item;
  return missing(interpreter, object, key);
}

Value subscript_of(Interpreter& interpreter, const Value& object, const Value& key) {
  interpreter.budget().step();
  if (object.is_undefined()) fault(object.text());
  if (auto item = item_of(interpreter, object, key)) return *item;
  if (key.is_string())
    if (auto own = own_attribute(interpreter, object, key.text())) return *own;
  return missing(interpreter, object, key);
}

Value follow_path(Interpreter& interpreter, Value object, const Value& path, const Value& otherwise) {
  if (path.is_none()) return object;
  auto follow = [&](const Value& part) {
    object = subscript_of(interpreter, object, part);
    if (object.is_undefined() && !otherwise.is_none()) object = otherwise;
  };
  if (!path.is_string()) {
    follow(path);
    return object;
  }
  for (std::string_view part : split_text(path.text(), ".", -1)) {
    auto number = all_of_class(part, TextClass::kDigit) ? read_integer(part) : std::nullopt;
    follow(number ? Value::integer(*number) : Value::string(std::string(part)));
  }
  return object;
}

}  // namespace athanor::text::templates

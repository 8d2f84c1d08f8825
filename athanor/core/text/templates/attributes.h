#pragma once
// object.name and object[key], by the sandbox's rules: what begins with an underscore, and what changes a value, is out of reach.

#include <string_view>

#include "athanor/core/text/templates/value.h"

namespace athanor::text::templates {

/// The attribute, else the item, else undefined. Faults on undefined objects.
Value attribute_of(Interpreter& interpreter, const Value& object, std::string_view name);
/// The item, else the attribute, else undefined.
Value subscript_of(Interpreter& interpreter, const Value& object, const Value& key);
/// The attribute alone.
std::optional<Value> own_attribute(Interpreter& interpreter, const Value& object, std::string_view name);
/// "a.b.0": subscripts one after the other, as filters take attributes; whole numbers stand for themselves. What is undefined on
/// the way becomes `otherwise`, unless that is none.
Value follow_path(Interpreter& interpreter, Value object, const Value& path, const Value& otherwise = {});

}  // namespace athanor::text::templates

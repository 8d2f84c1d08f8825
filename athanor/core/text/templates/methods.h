#pragma once
// The methods of texts, lists, tuples and dicts that do not change them: one table per type.

#include <span>

#include "athanor/core/text/templates/arguments.h"
#include "athanor/core/text/templates/value.h"

namespace athanor::text::templates {

struct MethodRow {
  const char* name;
  const char* parameters;  // as Given reads them
  Value (*run)(Interpreter&, const Value& self, const Given&);
};

/// object.name as a value that can be called; nullopt where the type has no such method.
std::optional<Value> method_of(const Value& object, std::string_view name);

}  // namespace athanor::text::templates

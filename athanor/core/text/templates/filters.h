#pragma once
// value | filter(...): jinja2's filters, in three tables.

#include <span>

#include "athanor/core/text/templates/arguments.h"
#include "athanor/core/text/templates/value.h"

namespace athanor::text::templates {

struct FilterRow {
  const char* name;
  const char* parameters;  // as Given reads them
  Value (*run)(Interpreter&, const Value& value, const Given&);
};

/// Null where there is no such filter.
const FilterRow* find_filter(std::string_view name);
Value apply_filter(Interpreter& interpreter, std::string_view name, const Value& value, Arguments& arguments);

}  // namespace athanor::text::templates

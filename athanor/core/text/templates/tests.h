#pragma once
// value is test(...): jinja2's tests.

#include <string_view>

#include "athanor/core/text/templates/arguments.h"
#include "athanor/core/text/templates/value.h"

namespace athanor::text::templates {

struct TestRow {
  const char* name;
  const char* parameters;  // as Given reads them
  bool (*run)(Interpreter&, const Value& value, const Given&);
};

/// Null where there is no such test.
const TestRow* find_test(std::string_view name);
bool run_test(Interpreter& interpreter, std::string_view name, const Value& value, Arguments& arguments);

}  // namespace athanor::text::templates

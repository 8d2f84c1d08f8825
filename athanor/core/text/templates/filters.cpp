#include "athanor/core/text/templates/filters.h"

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/sequence_filters.h"
#include "athanor/core/text/templates/text_filters.h"
#include "athanor/core/text/templates/value_filters.h"

namespace athanor::text::templates {

const FilterRow* find_filter(std::string_view name) {
  for (auto rows : {text_filters(), sequence_filters(), value_filters()})
    for (const FilterRow& row : rows)
      if (name == row.name) return &row;
  return nullptr;
}

Value apply_filter(Interpreter& interpreter, std::string_view name, const Value& value, Arguments& arguments) {
  const FilterRow* row = find_filter(name);
  if (!row) fault(base::cat("No filter named '", name, "' found"));
  interpreter.budget().bytes(value.is_string() ? value.text().size() : 1);
  return row->run(interpreter, value, Given(row->name, row->parameters, arguments));
}

}  // namespace athanor::text::templates

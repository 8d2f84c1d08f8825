#pragma once
// Functions and bound methods as values.

#include <functional>

#include "athanor/core/text/templates/arguments.h"
#include "athanor/core/text/templates/value.h"

namespace athanor::text::templates {

using Body = std::function<Value(Interpreter&, const Given&)>;

/// A callable value. `names` is as Given reads it; `nesting`: of what the body holds.
Value function(std::string name, std::string names, Body body, int nesting = 0);

}  // namespace athanor::text::templates

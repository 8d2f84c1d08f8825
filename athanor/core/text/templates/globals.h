#pragma once
// What every template can call: range, dict, namespace, cycler, joiner, raise_exception, strftime_now.

#include "athanor/core/text/templates/interpreter.h"

namespace athanor::text::templates {

void declare_globals(Interpreter& interpreter);

}  // namespace athanor::text::templates

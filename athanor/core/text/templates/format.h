#pragma once
// Python's two ways to put values into a text: "%s is %d" % values, and "{} is {:.2f}".format(...).

#include <string>
#include <string_view>

#include "athanor/core/text/templates/arguments.h"

namespace athanor::text::templates {

/// `values`: a tuple, a dict for %(name)s, or one value.
std::string format_percent(Interpreter& interpreter, std::string_view text, const Value& values);
std::string format_braces(Interpreter& interpreter, std::string_view text, const Arguments& arguments);

}  // namespace athanor::text::templates

#pragma once
// The escapes of a string literal, as Python's unicode-escape codec reads them.

#include <string>
#include <string_view>

namespace athanor::text::templates {

/// What stands between the quotes -> its value; SyntaxFault at `line` on a broken escape.
std::string unescape(std::string_view text, int line);

}  // namespace athanor::text::templates

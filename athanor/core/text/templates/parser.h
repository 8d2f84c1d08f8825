#pragma once
// A template's text into statements.

#include <string_view>

#include "athanor/core/text/templates/ast.h"

namespace athanor::text::templates {

/// Throws SyntaxFault. `source` must be valid UTF-8.
Block parse(std::string_view source);

}  // namespace athanor::text::templates

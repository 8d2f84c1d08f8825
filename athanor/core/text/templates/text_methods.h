#pragma once
// Methods of Python's str.

#include <span>

#include "athanor/core/text/templates/methods.h"

namespace athanor::text::templates {

std::span<const MethodRow> text_methods();

/// A text that keeps whether `self` is markup.
Value like(const Value& self, std::string_view text);
/// Texts as a list; the work is counted.
Value list_of(Interpreter& interpreter, const Value& self, const std::vector<std::string_view>& parts);
/// Padded to `width` characters. `align`: '<', '>' or '^' (as str.center).
std::string padded(Interpreter& interpreter, std::string_view text, int64_t width, std::string_view fill, char align);

}  // namespace athanor::text::templates

#pragma once
// Python's truth, equality, order and membership.

#include "athanor/core/text/templates/value.h"

namespace athanor::text::templates {

bool truth(Interpreter& interpreter, const Value& value);
bool hashable(const Value& value);
bool equal(const Value& a, const Value& b, Budget& budget);
/// a < b; faults where Python cannot order the two.
bool less(const Value& a, const Value& b, Budget& budget, const char* sign = "<");
/// `needle in haystack`.
bool contains(Interpreter& interpreter, const Value& haystack, const Value& needle);

}  // namespace athanor::text::templates

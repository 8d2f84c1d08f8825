#pragma once
// + - * / // % ** and signs, as Python's numbers, texts and lists have them. Whole numbers are of 64 bits; beyond that is a fault.

#include <string>

#include "athanor/core/text/templates/value.h"

namespace athanor::text::templates {

Value calculate(Interpreter& interpreter, const std::string& sign, const Value& a, const Value& b);
Value with_sign(const Value& value, bool negative);

}  // namespace athanor::text::templates

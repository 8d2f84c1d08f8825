#pragma once
// str() and repr() of a value.

#include <string>

#include "athanor/core/text/templates/value.h"

namespace athanor::text::templates {

std::string str_of(const Value& value, Budget& budget);
std::string repr_of(const Value& value, Budget& budget);

}  // namespace athanor::text::templates

#pragma once
// The filters that put items in order or find equal ones. Texts are compared without case unless the template says otherwise.

#include "athanor/core/text/templates/arguments.h"

namespace athanor::text::templates {

Value sort(Interpreter& interpreter, const Value& value, const Given& given);
Value sort_dict(Interpreter& interpreter, const Value& value, const Given& given);
Value group_by(Interpreter& interpreter, const Value& value, const Given& given);
Value least(Interpreter& interpreter, const Value& value, const Given& given);
Value greatest(Interpreter& interpreter, const Value& value, const Given& given);
Value unique(Interpreter& interpreter, const Value& value, const Given& given);

}  // namespace athanor::text::templates

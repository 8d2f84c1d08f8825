#pragma once
// Iteration, length, subscripts and slices, as Python has them.

#include <optional>

#include "athanor/core/text/templates/value.h"

namespace athanor::text::templates {

bool iterable(const Value& value);
/// All that iteration gives; an iterator is used up. Faults on what cannot be iterated.
Values iterate(Interpreter& interpreter, const Value& value);
/// len(value), nullopt where it has none.
std::optional<int64_t> length_of(Interpreter& interpreter, const Value& value);
/// value[key], nullopt where there is no such item.
std::optional<Value> item_of(Interpreter& interpreter, const Value& value, const Value& key);
/// value[start:stop:step]; none where a part is left out.
Value slice_of(Interpreter& interpreter, const Value& value, const Value& start, const Value& stop, const Value& step);
/// Pairs of two, from a list of them or a dict.
Dict dict_from(Interpreter& interpreter, const Value& value);

}  // namespace athanor::text::templates

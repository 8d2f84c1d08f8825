#pragma once
// Filters of single values: numbers, defaults, JSON.

#include <span>

#include "athanor/core/text/templates/filters.h"

namespace athanor::text::templates {

std::span<const FilterRow> value_filters();

}  // namespace athanor::text::templates

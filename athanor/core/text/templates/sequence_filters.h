#pragma once
// Filters over the items of a value.

#include <span>

#include "athanor/core/text/templates/filters.h"

namespace athanor::text::templates {

std::span<const FilterRow> sequence_filters();

}  // namespace athanor::text::templates

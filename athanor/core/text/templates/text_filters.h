#pragma once
// Filters that make a text of a text.

#include <span>

#include "athanor/core/text/templates/filters.h"

namespace athanor::text::templates {

std::span<const FilterRow> text_filters();

}  // namespace athanor::text::templates

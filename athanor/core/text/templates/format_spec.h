#pragma once
// One value in a width, with an alignment, a sign and a precision: what format() and % have in common.

#include <string>
#include <string_view>

#include "athanor/core/text/templates/value.h"

namespace athanor::text::templates {

/// [[fill]align][sign][#][0][width][,][.precision][type]
struct FormatSpec {
  std::string fill = " ", comma = {};
  char align = 0, sign = '-', type = 0;
  bool alternate = false, zero = false;
  int64_t width = 0, precision = -1;
};

/// Faults on what is no specification.
FormatSpec read_spec(std::string_view text);
std::string formatted(Interpreter& interpreter, const Value& value, const FormatSpec& spec);
/// A number up to `limit` at the front of `text`, taken away from it.
int64_t take_number(std::string_view& text, int64_t otherwise);

}  // namespace athanor::text::templates

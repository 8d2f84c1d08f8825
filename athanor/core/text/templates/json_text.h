#pragma once
// JSON into values, and values into JSON as json.dumps writes it (transformers' tojson: no HTML escapes, ensure_ascii off).

#include <string>

#include "athanor/core/base/json.h"
#include "athanor/core/text/templates/value.h"

namespace athanor::text::templates {

struct JsonStyle {
  bool ensure_ascii = false, sort_keys = false;
  std::optional<std::string> indent = std::nullopt;  // what one level is indented by; none: one line
  std::string item_separator = ", ", key_separator = ": ";
};

/// Faults on a whole number beyond 64 bits with sign.
Value from_json(const base::Json& json);
std::string to_json(const Value& value, const JsonStyle& style, Budget& budget);

}  // namespace athanor::text::templates

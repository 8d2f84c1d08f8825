#pragma once
// JSON Schema's `format` as regular expressions over the string's characters. Each matches only valid values, not all of them.

#include <span>
#include <string_view>

namespace athanor::generate {

struct JsonFormat {
  std::string_view name, pattern;
};

std::span<const JsonFormat> json_formats();

}  // namespace athanor::generate

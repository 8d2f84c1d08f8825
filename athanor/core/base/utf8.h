#pragma once
// Whether bytes are UTF-8, and where they stop being it.

#include <cstddef>
#include <string_view>

namespace athanor::base {

/// Offset of the first byte that does not belong to valid UTF-8 (overlong forms, surrogates and > U+10FFFF are invalid); npos where
/// all is.
size_t invalid_utf8(std::string_view text);

}  // namespace athanor::base

#pragma once
// Base64 (RFC 4648, with padding).

#include <optional>
#include <string>
#include <string_view>

namespace athanor::base {

std::string base64_encode(std::string_view bytes);
/// nullopt where the text is not whole groups of four characters of the alphabet, padded at the end only.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace athanor::base

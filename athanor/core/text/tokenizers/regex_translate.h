#pragma once
// From Oniguruma's regular expressions to PCRE2's.

#include <string>
#include <string_view>

namespace athanor::text {

/// Oniguruma's expression as one that means the same to PCRE2. file_error naming `place` where there is none: a nested or
/// intersected character class, a possessive-looking {n,m}+, a construct whose letters differ.
std::string translate_regex(std::string_view regex, std::string_view place);

}  // namespace athanor::text

#pragma once
// Normalization forms and lower case, for valid UTF-8.

#include <string>
#include <string_view>

namespace athanor::text {

enum class UnicodeForm { kNfc, kNfd, kNfkc, kNfkd };

std::string unicode_form(std::string text, UnicodeForm form);
/// Appends the text in lower case, every character by itself, without a look at its neighbours.
void append_lowercase(std::string_view text, std::string& out);

}  // namespace athanor::text

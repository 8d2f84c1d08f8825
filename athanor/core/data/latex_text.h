#pragma once
// Running text of LaTeX without its commands.

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace athanor::data {

/// Formulas stay as they are; quotes, dashes and escaped signs become what they set; commands lose their backslash and keep their
/// text, but for those that cite, refer or place. A loop, so that no depth of braces matters.
std::string plain_latex(std::string_view text);

/// Without blanks at its ends.
std::string_view trimmed_latex(std::string_view text);
/// Behind the bracket that closes the one at `at`; the text's end where none does.
size_t behind_bracket(std::string_view text, size_t at, char open, char close);
/// The name of a command, where `at` is behind its backslash.
std::string_view command_at(std::string_view text, size_t at);
/// Whether it is one of these, a star behind it or not.
bool is_latex_name(std::string_view name, std::initializer_list<std::string_view> names);

}  // namespace athanor::data

#pragma once
// Text as Python's str has it: code points, white space, case, searching, splitting. All text is valid UTF-8.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::text::templates {

/// Bytes of the character at `at`.
size_t character_length(std::string_view text, size_t at);
size_t character_count(std::string_view text);
/// Where each character begins.
std::vector<size_t> character_starts(std::string_view text);
/// Where the character with number `index` begins; the text's end where there are not so many.
size_t offset_of(std::string_view text, size_t index);
std::vector<std::string_view> characters_of(std::string_view text);

/// Where `part` begins in `text` at or after `from`; npos where nowhere. Linear time, whatever the texts are.
size_t find_text(std::string_view text, std::string_view part, size_t from = 0);
size_t find_last_text(std::string_view text, std::string_view part);

/// str.isspace of one character.
bool is_space(uint32_t code);
std::string_view strip_left(std::string_view text, const std::string_view* characters = nullptr);
std::string_view strip_right(std::string_view text, const std::string_view* characters = nullptr);

/// With simple case mapping (one character becomes one), and ß to SS.
std::string upper_text(std::string_view text);
std::string lower_text(std::string_view text);
std::string capital_text(std::string_view text);
/// str.title: every run of letters.
std::string title_text(std::string_view text);
std::string swap_case(std::string_view text);

/// Whether the text has characters and all of them have the class.
enum class TextClass { kSpace, kAlpha, kDigit, kAlnum };
bool all_of_class(std::string_view text, TextClass wanted);
/// Whether cased characters are there and all are upper (or lower) case.
bool is_upper_text(std::string_view text);
bool is_lower_text(std::string_view text);
/// Whether repr shows the character itself.
bool is_printable(uint32_t code);

/// str.split: at white space where `separator` is empty. `limit` < 0: everywhere.
std::vector<std::string_view> split_text(std::string_view text, std::string_view separator, int64_t limit);
std::vector<std::string_view> split_text_right(std::string_view text, std::string_view separator, int64_t limit);
std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends = false);
/// Every `part` (at most `limit`, < 0: all) replaced.
std::string replace_text(std::string_view text, std::string_view part, std::string_view by, int64_t limit, size_t longest);
/// As html.escape: & < > ' ".
std::string escape_html(std::string_view text);

}  // namespace athanor::text::templates

#pragma once
// Words, and what is counted in them.

#include <cstdint>
#include <string_view>
#include <vector>

namespace athanor::data {

/// Between white space (ASCII).
std::vector<std::string_view> words_of(std::string_view text);
/// The characters of UTF-8 text without white space; broken bytes are characters.
std::vector<std::string_view> characters_of(std::string_view text);
/// Whether most characters are Chinese, Japanese kana or other letters that are written without spaces.
bool lacks_spaces(std::string_view text);

/// Hashes of the n-grams of words, of characters where the text lacks spaces; each once. A shorter text is one shingle.
std::vector<uint64_t> shingles(std::string_view text, size_t n);

}  // namespace athanor::data

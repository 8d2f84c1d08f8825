#pragma once
// What the scanners share: runs of a class, contractions, and the two alternatives for white space that all patterns end with.

#include <cstddef>
#include <string_view>

#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

/// The end of the longest run from `i` of characters with `(classes & mask) == 0` equal to `!wanted`.
template <bool wanted>
inline size_t run_end(const CharClasses& classes, std::string_view text, size_t i, uint8_t mask) {
  while (i < text.size()) {
    ClassedChar c = class_at(classes, text.data() + i);
    if (((c.classes & mask) != 0) != wanted) break;
    i += c.length;
  }
  return i;
}

/// The end of at most `limit` characters of a class.
inline size_t short_run_end(const CharClasses& classes, std::string_view text, size_t i, uint8_t mask, int limit) {
  for (; limit > 0 && i < text.size(); --limit) {
    ClassedChar c = class_at(classes, text.data() + i);
    if ((c.classes & mask) == 0) break;
    i += c.length;
  }
  return i;
}

/// 's 't 're 've 'm 'll 'd at `i`: its length, else 0. `fold`: any case, where U+017F counts as an s too, as Unicode folds it.
inline size_t contraction_length(std::string_view text, size_t i, bool fold) {
  if (i + 1 >= text.size() || text[i] != '\'') return 0;
  auto lower = [&](size_t k) -> char {
    if (k >= text.size()) return 0;
    char c = text[k];
    return fold && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  };
  char first = lower(i + 1), second = lower(i + 2);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
  if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l')) return 3;
  return fold && text.substr(i + 1, 2) == "\xc5\xbf" ? 3 : 0;
}

/// `\s+(?!\S)|\s+` at a white space character: the whole run where the text ends with it, else the run without its last character
/// (which goes with the word that follows), else that one character.
inline size_t space_end(std::string_view text, size_t begin, size_t run_end) {
  if (run_end == text.size()) return run_end;
  size_t last = begin + last_char(text.substr(begin, run_end - begin));
  return last > begin ? last : run_end;
}

/// `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last line end of the run, where there is one.
inline size_t line_space_end(const CharClasses& classes, std::string_view text, size_t begin) {
  size_t end = run_end<true>(classes, text, begin, kSpace);
  for (size_t i = end; i > begin; --i)
    if (text[i - 1] == '\n' || text[i - 1] == '\r') return i;
  return space_end(text, begin, end);
}

}  // namespace athanor::text

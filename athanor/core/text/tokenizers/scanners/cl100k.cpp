// The pattern of cl100k (GPT-4's vocabulary) that Llama 3 took over word by word, and Qwen 2's, which has one digit in place of
// three:
//   (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
// A word takes any one sign or space before it, numbers are cut into threes, signs keep the line ends after them.

#include "athanor/core/text/tokenizers/scanners/runs.h"

namespace athanor::text {

namespace {

inline size_t scan(std::string_view text, size_t begin, int digits) {
  const CharClasses& classes = CharClasses::instance();
  if (size_t n = contraction_length(text, begin, true)) return begin + n;
  ClassedChar c = class_at(classes, text.data() + begin);
  size_t next = begin + c.length;
  if (c.classes & kLetter) return run_end<true>(classes, text, next, kLetter);
  if (c.classes & kNumber) return short_run_end(classes, text, next, kNumber, digits - 1);
  char first = text[begin];
  if (first != '\r' && first != '\n' && next < text.size()) {
    ClassedChar after = class_at(classes, text.data() + next);
    if (after.classes & kLetter) return run_end<true>(classes, text, next + after.length, kLetter);
  }
  size_t sign = begin + (first == ' ');
  size_t end = run_end<false>(classes, text, sign, kSpace | kLetter | kNumber);
  if (end == sign) return line_space_end(classes, text, begin);
  while (end < text.size() && (text[end] == '\r' || text[end] == '\n')) ++end;
  return end;
}

}  // namespace

size_t scan_cl100k(std::string_view text, size_t begin) { return scan(text, begin, 3); }
size_t scan_qwen2(std::string_view text, size_t begin) { return scan(text, begin, 1); }

}  // namespace athanor::text

// GPT-2's pattern (Radford et al. 2019):
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// Letters, digits and other signs in runs, each with one space before it; the rest of the white space by itself.

#include "athanor/core/text/tokenizers/scanners/runs.h"

namespace athanor::text {

size_t scan_gpt2(std::string_view text, size_t begin) {
  const CharClasses& classes = CharClasses::instance();
  if (size_t n = contraction_length(text, begin, false)) return begin + n;
  size_t i = begin + (text[begin] == ' ');
  if (i < text.size()) {
    ClassedChar c = class_at(classes, text.data() + i);
    if (c.classes & kLetter) return run_end<true>(classes, text, i + c.length, kLetter);
    if (c.classes & kNumber) return run_end<true>(classes, text, i + c.length, kNumber);
    if (!(c.classes & kSpace)) return run_end<false>(classes, text, i + c.length, kSpace | kLetter | kNumber);
  }
  return space_end(text, begin, run_end<true>(classes, text, begin, kSpace));
}

}  // namespace athanor::text

// The pattern of o200k (GPT-4o's vocabulary): words are cut where a lower case letter is followed by an upper case one, and a
// contraction stays with its word. With P = [^\r\n\p{L}\p{N}], U = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}], W = [\p{Ll}\p{Lm}\p{Lo}\p{M}]
// and C = (?i:'s|'t|'re|'ve|'m|'ll|'d):
//   P?U*W+C?|P?U+W*C?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+

#include "athanor/core/text/tokenizers/scanners/runs.h"

namespace athanor::text {

namespace {

constexpr uint8_t kUpperSet = kUpper | kCaselessLetter | kMark;
constexpr uint8_t kLowerSet = kLower | kCaselessLetter | kMark;

/// U*W+ from `i`, or 0. U* is greedy; where no W follows it gives back characters until one that is a W too.
size_t lower_word_end(const CharClasses& classes, std::string_view text, size_t i) {
  size_t upper = run_end<true>(classes, text, i, kUpperSet);
  size_t end = run_end<true>(classes, text, upper, kLowerSet);
  if (end > upper) return end;
  while (upper > i) {
    size_t last = i + last_char(text.substr(i, upper - i));
    if (class_at(classes, text.data() + last).classes & kLowerSet) return upper;
    upper = last;
  }
  return 0;
}

/// U+W* from `i`, or 0.
size_t upper_word_end(const CharClasses& classes, std::string_view text, size_t i) {
  size_t upper = run_end<true>(classes, text, i, kUpperSet);
  return upper == i ? 0 : run_end<true>(classes, text, upper, kLowerSet);
}

/// The first two alternatives, or 0. The optional sign before the word is tried first, then without (a mark can be both).
size_t word_end(const CharClasses& classes, std::string_view text, size_t begin, ClassedChar first) {
  bool sign = !(first.classes & (kLetter | kNumber)) && text[begin] != '\r' && text[begin] != '\n';
  size_t after = begin + first.length;
  for (auto word : {lower_word_end, upper_word_end}) {
    size_t end = sign ? word(classes, text, after) : 0;
    if (!end) end = word(classes, text, begin);
    if (end) return end + contraction_length(text, end, true);
  }
  return 0;
}

}  // namespace

size_t scan_o200k(std::string_view text, size_t begin) {
  const CharClasses& classes = CharClasses::instance();
  ClassedChar c = class_at(classes, text.data() + begin);
  if (size_t end = word_end(classes, text, begin, c)) return end;
  if (c.classes & kNumber) return short_run_end(classes, text, begin + c.length, kNumber, 2);
  size_t sign = begin + (text[begin] == ' ');
  size_t end = run_end<false>(classes, text, sign, kSpace | kLetter | kNumber);
  if (end == sign) return line_space_end(classes, text, begin);
  while (end < text.size() && (text[end] == '\r' || text[end] == '\n' || text[end] == '/')) ++end;
  return end;
}

}  // namespace athanor::text

#pragma once
// Classes of characters that the `tokenizers` library asks of older tables than its regex engine does: those of BERT's normalizer
// and of its pre-tokenizers without expressions.

#include <cstdint>

#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

enum CharMark : uint8_t {
  kPunctuation = 1,     // P*, and all signs of ASCII
  kControl = 2,         // C*: control, format, private use, unassigned
  kNonspacingMark = 4,  // Mn
  kCombiningMark = 8,   // M*
  kRegexWord = 16,      // \w of the engine that Whitespace uses
  kWhiteSpace = 32,
};

/// Bits of CharMark for a code point.
uint8_t char_marks(uint32_t code);

/// The ideographs that BERT puts spaces around.
inline bool is_bert_ideograph(uint32_t c) {
  return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x20000 && c <= 0x2a6df) ||
         (c >= 0x2a700 && c <= 0x2b73f) || (c >= 0x2b740 && c <= 0x2b81f) || (c >= 0x2b920 && c <= 0x2ceaf) ||
         (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

}  // namespace athanor::text

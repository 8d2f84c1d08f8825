#include "athanor/core/text/tokenizers/char_marks.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace athanor::text {

namespace {

constexpr uint32_t kMarkRanges[] = {
#include "athanor/core/text/tokenizers/char_marks.inc"
};

constexpr uint32_t kLow = 0x3100;  // beyond it there are few ranges

uint8_t found(uint32_t code) {
  auto after = std::upper_bound(std::begin(kMarkRanges), std::end(kMarkRanges), code << 8 | 0xff);
  return static_cast<uint8_t>(*(after - 1) & 0xff);
}

std::array<uint8_t, kLow> low_marks() {
  std::array<uint8_t, kLow> marks;
  for (uint32_t code = 0; code < kLow; ++code) marks[code] = found(code);
  return marks;
}

}  // namespace

uint8_t char_marks(uint32_t code) {
  static const std::array<uint8_t, kLow> kMarks = low_marks();
  if (code < kLow) return kMarks[code];
  if (code >= 0x3400 && code < 0xa000) return code >= 0x4dc0 && code < 0x4e00 ? 0 : kRegexWord;  // ideographs and hexagrams
  return found(code);
}

}  // namespace athanor::text

// Removes the control characters U+0000-U+001F and U+007F-U+009F, except tab, newline and carriage return (that is `newlines`'
// matter).

#include "athanor/core/data/cleaning.h"

namespace athanor::data {
namespace {

/// Bytes of the control character at i; 0 where there is none.
size_t control_at(const std::string& text, size_t i) {
  auto c = static_cast<unsigned char>(text[i]);
  if (c == '\t' || c == '\n' || c == '\r') return 0;
  if (c < 0x20 || c == 0x7F) return 1;
  if (c == 0xC2 && i + 1 < text.size()) {
    auto next = static_cast<unsigned char>(text[i + 1]);
    if (next >= 0x80 && next <= 0x9F) return 2;  // U+0080-U+009F
  }
  return 0;
}

Cleaned strip(std::string& text) {
  size_t out = 0;
  for (size_t i = 0; i < text.size();) {
    if (size_t n = control_at(text, i)) {
      i += n;
    } else {
      text[out++] = text[i++];
    }
  }
  if (out == text.size()) return Cleaned::kSame;
  text.resize(out);
  return Cleaned::kChanged;
}

}  // namespace

CleaningStep make_controls(const CleaningOptions&) { return strip; }

}  // namespace athanor::data

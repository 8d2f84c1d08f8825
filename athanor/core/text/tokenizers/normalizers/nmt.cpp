// Nmt (SentencePiece's rule "nmt"): some control characters out, white space and zero-width characters to spaces.

#include "athanor/core/text/tokenizers/normalizer.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

bool is_dropped(uint32_t c) {
  return (c >= 0x1 && c <= 0x8) || c == 0xb || (c >= 0xe && c <= 0x1f) || c == 0x7f || c == 0x8f || c == 0x9f;
}

bool is_space(uint32_t c) {
  switch (c) {
    case 0x9:
    case 0xa:
    case 0xc:
    case 0xd:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x2581:
    case 0xfeff:
    case 0xfffd:
      return true;
    default:
      return c >= 0x200b && c <= 0x200f;
  }
}

class Nmt final : public Normalizer {
 public:
  std::string normalize(std::string text) const override {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size();) {
      Char c = char_at(text.data() + i);
      if (is_space(c.code)) {
        out += ' ';
      } else if (!is_dropped(c.code)) {
        out.append(text, i, c.length);
      }
      i += c.length;
    }
    return out;
  }
};

}  // namespace

std::unique_ptr<Normalizer> make_nmt(const Component&) { return std::make_unique<Nmt>(); }

}  // namespace athanor::text

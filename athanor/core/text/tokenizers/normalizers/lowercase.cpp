// Lowercase: every character by itself, without a look at its neighbours.

#include <utf8proc.h>

#include "athanor/core/text/tokenizers/normalizer.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

class Lowercase final : public Normalizer {
 public:
  std::string normalize(std::string text) const override {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size();) {
      Char c = char_at(text.data() + i);
      i += c.length;
      if (c.code < 0x80) {
        out += static_cast<char>(c.code >= 'A' && c.code <= 'Z' ? c.code + 32 : c.code);
      } else if (c.code == 0x130) {  // the one character whose lower case is two
        out += "i\xcc\x87";
      } else {
        append_utf8(out, static_cast<uint32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c.code))));
      }
    }
    return out;
  }
};

}  // namespace

std::unique_ptr<Normalizer> make_lowercase(const Component&) { return std::make_unique<Lowercase>(); }

}  // namespace athanor::text

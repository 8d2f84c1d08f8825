// ByteLevel: every byte as its printable stand-in, before the text is cut.

#include "athanor/core/text/tokenizers/byte_alphabet.h"
#include "athanor/core/text/tokenizers/normalizer.h"

namespace athanor::text {

namespace {

class ByteLevelNormalizer final : public Normalizer {
 public:
  std::string normalize(std::string text) const override { return to_byte_chars(text); }
};

}  // namespace

std::unique_ptr<Normalizer> make_byte_level_normalizer(const Component&) { return std::make_unique<ByteLevelNormalizer>(); }

}  // namespace athanor::text

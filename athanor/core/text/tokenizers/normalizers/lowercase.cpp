// Lowercase: every character by itself.

#include "athanor/core/text/tokenizers/normalizer.h"
#include "athanor/core/text/tokenizers/unicode_forms.h"

namespace athanor::text {

namespace {

class Lowercase final : public Normalizer {
 public:
  std::string normalize(std::string text) const override {
    std::string out;
    out.reserve(text.size());
    append_lowercase(text, out);
    return out;
  }
  bool keeps_lines_apart() const override { return true; }
};

}  // namespace

std::unique_ptr<Normalizer> make_lowercase(const Component&) { return std::make_unique<Lowercase>(); }

}  // namespace athanor::text

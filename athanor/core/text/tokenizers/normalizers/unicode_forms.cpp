// The four normalization forms of Unicode (Annex #15), by utf8proc. Characters that Unicode 15.1 and later added keep their form.

#include <utf8proc.h>

#include <cstdlib>
#include <new>

#include "athanor/core/text/tokenizers/normalizer.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

class UnicodeForm final : public Normalizer {
 public:
  explicit UnicodeForm(int options) : options_(static_cast<utf8proc_option_t>(options)) {}

  std::string normalize(std::string text) const override {
    bool ascii = true;
    for (char c : text) ascii = ascii && static_cast<signed char>(c) >= 0;
    if (ascii) return text;
    utf8proc_uint8_t* result = nullptr;
    auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                             &result, options_);
    if (size < 0) throw std::bad_alloc();  // the text is valid, so nothing else can be wrong
    text.assign(reinterpret_cast<const char*>(result), static_cast<size_t>(size));
    std::free(result);
    return text;
  }

 private:
  utf8proc_option_t options_;
};

}  // namespace

std::unique_ptr<Normalizer> make_nfc(const Component&) { return std::make_unique<UnicodeForm>(UTF8PROC_STABLE | UTF8PROC_COMPOSE); }
std::unique_ptr<Normalizer> make_nfd(const Component&) {
  return std::make_unique<UnicodeForm>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
}
std::unique_ptr<Normalizer> make_nfkc(const Component&) {
  return std::make_unique<UnicodeForm>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
}
std::unique_ptr<Normalizer> make_nfkd(const Component&) {
  return std::make_unique<UnicodeForm>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
}

}  // namespace athanor::text

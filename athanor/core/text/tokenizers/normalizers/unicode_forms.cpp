// The four normalization forms of Unicode (Annex #15), and Lowercase.

#include "athanor/core/text/tokenizers/unicode_forms.h"

#include "athanor/core/text/tokenizers/normalizer.h"

namespace athanor::text {

namespace {

class Form final : public Normalizer {
 public:
  explicit Form(UnicodeForm form) : form_(form) {}
  std::string normalize(std::string text) const override { return unicode_form(std::move(text), form_); }
  bool keeps_lines_apart() const override { return true; }

 private:
  UnicodeForm form_;
};

}  // namespace

std::unique_ptr<Normalizer> make_nfc(const Component&) { return std::make_unique<Form>(UnicodeForm::kNfc); }
std::unique_ptr<Normalizer> make_nfd(const Component&) { return std::make_unique<Form>(UnicodeForm::kNfd); }
std::unique_ptr<Normalizer> make_nfkc(const Component&) { return std::make_unique<Form>(UnicodeForm::kNfkc); }
std::unique_ptr<Normalizer> make_nfkd(const Component&) { return std::make_unique<Form>(UnicodeForm::kNfkd); }

}  // namespace athanor::text

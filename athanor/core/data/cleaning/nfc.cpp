// Unicode normalization form C (UAX #15): "e" + combining acute becomes "é". Off by default: tokenizers that want it do it
// themselves. Expects valid UTF-8; a document that is not stays as it is.

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "athanor/core/data/cleaning.h"

namespace athanor::data {
namespace {

bool is_ascii(const std::string& text) {
  for (char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

Cleaned compose(std::string& text) {
  if (is_ascii(text)) return Cleaned::kSame;
  utf8proc_uint8_t* raw = nullptr;
  auto bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  utf8proc_ssize_t size = utf8proc_map(bytes, static_cast<utf8proc_ssize_t>(text.size()), &raw,
                                       static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> composed(raw, std::free);
  if (size < 0) return Cleaned::kSame;
  std::string_view result(reinterpret_cast<const char*>(raw), static_cast<size_t>(size));
  if (result == text) return Cleaned::kSame;
  text = result;
  return Cleaned::kChanged;
}

}  // namespace

CleaningStep make_nfc(const CleaningOptions&) { return compose; }

}  // namespace athanor::data

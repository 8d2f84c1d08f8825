#include "athanor/core/text/tokenizers/unicode_forms.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

utf8proc_option_t options_of(UnicodeForm form) {
  int compose = form == UnicodeForm::kNfc || form == UnicodeForm::kNfkc ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE;
  int compat = form == UnicodeForm::kNfkc || form == UnicodeForm::kNfkd ? UTF8PROC_COMPAT : 0;
  return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | compose | compat);
}

/// Characters that utf8proc's Unicode 15 takes apart and the older tables of the `tokenizers` library do not.
bool is_left_alone(uint32_t c, UnicodeForm form) {
  if (c < 0x32ff || form == UnicodeForm::kNfc) return false;
  if (form == UnicodeForm::kNfd) return c == 0x11938;
  return c == 0x32ff || (c >= 0xa7f2 && c <= 0xa7f4) || c == 0xab69 || (c >= 0x10781 && c <= 0x107ba) ||
         (c == 0x11938 && form == UnicodeForm::kNfkd) || (c >= 0x1e030 && c <= 0x1e06d) || c == 0x1f16c ||
         (c >= 0x1fbf0 && c <= 0x1fbf9);
}

void append_form(std::string_view text, UnicodeForm form, std::string& out) {
  if (text.empty()) return;
  utf8proc_uint8_t* result = nullptr;
  auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                           &result, options_of(form));
  if (size < 0) throw std::bad_alloc();  // the text is valid, so nothing else can be wrong
  out.append(reinterpret_cast<const char*>(result), static_cast<size_t>(size));
  std::free(result);
}

}  // namespace

std::string unicode_form(std::string text, UnicodeForm form) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) >= 0; })) return text;
  std::string out;
  std::string_view rest = text;
  for (size_t i = 0; i < rest.size();) {
    Char c = char_at(rest.data() + i);
    if (is_left_alone(c.code, form)) {
      append_form(rest.substr(0, i), form, out);
      out.append(rest.substr(i, c.length));
      rest.remove_prefix(i + c.length);
      i = 0;
    } else {
      i += c.length;
    }
  }
  append_form(rest, form, out);
  return out;
}

namespace {

/// utf8proc's Unicode 15, and the letters that came after it.
uint32_t lower_of(uint32_t c) {
  if (c >= 0x10d50 && c <= 0x10d65) return c + 0x20;
  if (c >= 0x16ea0 && c <= 0x16eb8) return c + 0x1b;
  switch (c) {
    case 0x1c89:
    case 0xa7cc:
    case 0xa7ce:
    case 0xa7d2:
    case 0xa7d4:
    case 0xa7da:
      return c + 1;
    case 0xa7cb:
      return 0x264;
    case 0xa7dc:
      return 0x19b;
    default:
      return static_cast<uint32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
  }
}

}  // namespace

void append_lowercase(std::string_view text, std::string& out) {
  for (size_t i = 0; i < text.size();) {
    Char c = char_at(text.data() + i);
    i += c.length;
    if (c.code < 0x80) {
      out += static_cast<char>(c.code >= 'A' && c.code <= 'Z' ? c.code + 32 : c.code);
    } else if (c.code == 0x130) {  // the one character whose lower case is two
      out += "i\xcc\x87";
    } else if (c.code >= 0x2e80 && c.code < 0xa000) {  // East Asian scripts have no case
      out.append(text, i - c.length, c.length);
    } else {
      append_utf8(out, lower_of(c.code));
    }
  }
}

}  // namespace athanor::text

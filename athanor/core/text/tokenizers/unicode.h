#pragma once
// UTF-8 and the character classes that pre-tokenizer patterns speak of.

#include <cstdint>
#include <string>
#include <string_view>

namespace athanor::text {

/// Bits of a character's class.
enum CharClass : uint8_t {
  kSpace = 1,            // \s: White_Space
  kNumber = 2,           // \p{N}
  kMark = 4,             // \p{M}
  kUpper = 8,            // \p{Lu} \p{Lt}
  kLower = 16,           // \p{Ll}
  kCaselessLetter = 32,  // \p{Lm} \p{Lo}
  kWord = 64,            // \w
  kLetter = kUpper | kLower | kCaselessLetter,
};

/// One character of valid UTF-8 text.
struct Char {
  uint32_t code;
  uint32_t length;  // bytes
};

/// The character at `p`, which must begin one; the text must be valid UTF-8.
inline Char char_at(const char* p) {
  auto byte = [p](int i) { return static_cast<uint32_t>(static_cast<unsigned char>(p[i])); };
  uint32_t b = byte(0);
  if (b < 0x80) return {b, 1};
  if (b < 0xe0) return {(b & 0x1f) << 6 | (byte(1) & 0x3f), 2};
  if (b < 0xf0) return {(b & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f), 3};
  return {(b & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f), 4};
}

/// Where the last character of a valid, non-empty text begins.
inline size_t last_char(std::string_view text) {
  size_t i = text.size() - 1;
  while (i > 0 && (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) --i;
  return i;
}

/// Classes of all code points, as the `tokenizers` library's regex engine has them (Unicode 16).
class CharClasses {
 public:
  static const CharClasses& instance();
  uint8_t ascii(unsigned char c) const { return low_[c]; }
  uint8_t of(uint32_t code) const { return code < kLow ? low_[code] : high(code); }

 private:
  CharClasses();
  static constexpr uint32_t kLow = 0x40000;  // above it there are only tags and private use
  static uint8_t high(uint32_t code);
  uint8_t low_[kLow];
};

/// The class of the character that begins at `p`, and its length.
struct ClassedChar {
  uint8_t classes;
  uint32_t length;
};
inline ClassedChar class_at(const CharClasses& classes, const char* p) {
  unsigned char b = static_cast<unsigned char>(*p);
  if (b < 0x80) return {classes.ascii(b), 1};
  Char c = char_at(p);
  return {classes.of(c.code), c.length};
}

/// Length of the UTF-8 sequence at the beginning of non-empty `bytes`: > 0 for a whole character, < 0 for -n bytes that can never
/// become one (the longest ill-formed part, Unicode 3.9 table 3-8), 0 where the bytes end inside a character that may still come.
int utf8_sequence(std::string_view bytes);

bool is_utf8(std::string_view bytes);
/// Every ill-formed part replaced by U+FFFD.
std::string repair_utf8(std::string_view bytes);
void append_utf8(std::string& out, uint32_t code);

inline constexpr std::string_view kReplacementCharacter = "\xef\xbf\xbd";

}  // namespace athanor::text

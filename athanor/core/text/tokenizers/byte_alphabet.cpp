#include "athanor/core/text/tokenizers/byte_alphabet.h"

#include <array>

#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

struct Alphabet {
  std::array<std::string, 256> char_of;
  std::array<int16_t, 0x144> byte_of;  // the last stand-in is U+0143

  Alphabet() {
    byte_of.fill(-1);
    uint32_t next = 0x100;
    for (uint32_t byte = 0; byte < 256; ++byte) {
      bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
      uint32_t code = printable ? byte : next++;
      append_utf8(char_of[byte], code);
      byte_of[code] = static_cast<int16_t>(byte);
    }
  }
};

const Alphabet& alphabet() {
  static const Alphabet instance;
  return instance;
}

}  // namespace

std::string_view byte_char(unsigned char byte) { return alphabet().char_of[byte]; }

std::optional<unsigned char> byte_of_char(uint32_t code) {
  const Alphabet& a = alphabet();
  if (code >= a.byte_of.size() || a.byte_of[code] < 0) return std::nullopt;
  return static_cast<unsigned char>(a.byte_of[code]);
}

std::string byte_piece(unsigned char byte) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  return {'<', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15], '>'};
}

std::string to_byte_chars(std::string_view bytes) {
  const Alphabet& a = alphabet();
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 4);
  for (unsigned char byte : bytes) out += a.char_of[byte];
  return out;
}

std::optional<std::string> from_byte_chars(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    Char c = char_at(text.data() + i);
    auto byte = byte_of_char(c.code);
    if (!byte) return std::nullopt;
    out += static_cast<char>(*byte);
    i += c.length;
  }
  return out;
}

}  // namespace athanor::text

#include "athanor/core/text/tokenizers/unicode.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "athanor/core/text/tokenizers/short_text.h"

namespace athanor::text {

namespace {

constexpr uint32_t kClassRanges[] = {
#include "athanor/core/text/tokenizers/unicode_ranges.inc"
};

/// 8 where the word's bytes are ASCII or whole characters of two bytes, as a byte-level vocabulary is written; 7 where the last
/// begins one that ends behind the word; else 0.
size_t plain_bytes(uint64_t word) {
  constexpr uint64_t kHigh = 0x8080808080808080u;
  auto bit = [word](int i) { return word << (7 - i) & kHigh; };                    // bit i of each byte, at its top
  uint64_t two = bit(7) & bit(6) & ~bit(5) & (bit(4) | bit(3) | bit(2) | bit(1));  // 0xc2 to 0xdf
  if ((bit(7) & ~two) != two << 8 || (bit(7) & bit(6) & ~two) != 0) return 0;
  return 8 - (two >> 63);
}

}  // namespace

CharClasses::CharClasses() {
  for (size_t i = 0; i < std::size(kClassRanges); ++i) {
    uint32_t begin = kClassRanges[i] >> 8, end = i + 1 < std::size(kClassRanges) ? kClassRanges[i + 1] >> 8 : kLow;
    if (begin >= kLow) break;
    std::memset(low_ + begin, static_cast<int>(kClassRanges[i] & 0xff), std::min(end, kLow) - begin);
  }
}

const CharClasses& CharClasses::instance() {
  static const CharClasses classes;
  return classes;
}

uint8_t CharClasses::high(uint32_t code) {
  auto after = std::upper_bound(std::begin(kClassRanges), std::end(kClassRanges), code << 8 | 0xff);
  return static_cast<uint8_t>(*(after - 1) & 0xff);
}

int utf8_sequence(std::string_view bytes) {
  auto at = [bytes](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  unsigned char first = at(0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return -1;
  int length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  // the second byte is where overlong forms, surrogates and codes past U+10FFFF show
  unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  for (int i = 1; i < length; ++i) {
    if (static_cast<size_t>(i) >= bytes.size()) return 0;
    if (at(i) < low || at(i) > high) return -i;
    low = 0x80, high = 0xbf;
  }
  return length;
}

bool is_utf8(std::string_view bytes) {
  size_t i = 0;
  while (i < bytes.size()) {
    if (i + 8 <= bytes.size()) {
      if (size_t whole = plain_bytes(load_word<uint64_t>(bytes.data() + i)); whole > 0) {
        i += whole;
        continue;
      }
    }
    // two and three bytes without a look at the rare exceptions
    auto at = [&](size_t k) { return static_cast<unsigned char>(bytes[i + k]); };
    auto continues = [&](size_t k) { return (at(k) & 0xc0) == 0x80; };
    if (at(0) < 0x80) {
      ++i;
      continue;
    }
    if (at(0) >= 0xc2 && at(0) < 0xe0 && i + 1 < bytes.size() && continues(1)) {
      i += 2;
      continue;
    }
    if (at(0) > 0xe0 && at(0) < 0xed && i + 2 < bytes.size() && continues(1) && continues(2)) {
      i += 3;
      continue;
    }
    int length = utf8_sequence(bytes.substr(i));
    if (length <= 0) return false;
    i += static_cast<size_t>(length);
  }
  return true;
}

std::string repair_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    int length = utf8_sequence(bytes);
    size_t taken = length == 0 ? bytes.size() : static_cast<size_t>(length < 0 ? -length : length);
    out += length > 0 ? bytes.substr(0, taken) : kReplacementCharacter;
    bytes.remove_prefix(taken);
  }
  return out;
}

void append_utf8(std::string& out, uint32_t code) {
  auto put = [&out](uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6), put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 0x3f)), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
  }
}

}  // namespace athanor::text

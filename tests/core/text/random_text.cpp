#include "tests/core/text/random_text.h"

#include <array>
#include <string_view>

#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

uint32_t Random::below(uint32_t n) {
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return static_cast<uint32_t>((state_ * 0x2545f4914f6cdd1du) >> 33) % n;
}

namespace {

constexpr std::array<std::string_view, 16> kPieces = {
    "'s",       "'T",           "'re",   "'LL",    "'\xc5\xbf", "\r\n", "\n\n",         "   ", " \xe3\x80\x80",
    "\xc2\xa0", "\xe1\xa0\x8e", "don't", "123456", "\xcc\x81",  "://",  "<|endoftext|>"};

std::string random_piece(Random& r) {
  uint32_t kind = r.below(12);
  std::string out;
  if (kind < 3) return append_utf8(out, 'a' + r.below(26)), out;
  if (kind == 3) return append_utf8(out, 'A' + r.below(26)), out;
  if (kind == 4) return " ";
  if (kind == 5) return append_utf8(out, '0' + r.below(10)), out;
  if (kind == 6) return std::string(kPieces[r.below(kPieces.size())]);
  if (kind == 7) return append_utf8(out, 0x21 + r.below(94)), out;
  if (kind == 8) return append_utf8(out, 0x80 + r.below(0x780)), out;
  if (kind == 9) return append_utf8(out, 0x4e00 + r.below(0x5200)), out;
  uint32_t code = kind == 10 ? r.below(0x10000) : 0x10000 + r.below(0x22000);
  return append_utf8(out, code >= 0xd800 && code < 0xe000 ? 0x20 : code), out;
}

}  // namespace

std::string random_string(Random& r) {
  std::string out;
  for (uint32_t n = 1 + r.below(24); n > 0; --n) {
    std::string piece = random_piece(r);
    uint32_t times = r.below(8) == 0 ? 1 + r.below(3) : 1;
    for (; times > 0; --times) out += piece;
  }
  return out;
}

uint64_t ids_hash(std::span<const int32_t> ids, uint64_t value) {
  for (int32_t id : ids) value = value * 0x9e3779b97f4a7c15u + static_cast<uint64_t>(id) + 1;
  return value;
}

}  // namespace athanor::text

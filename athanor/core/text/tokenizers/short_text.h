#pragma once
// Texts of a few bytes, as tokens and words are: compared and hashed without a call and without a loop over their bytes.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace athanor::text {

template <typename Word>
Word load_word(const char* p) {
  Word word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

/// 0 to 8 bytes and zeros behind them: of five, the loads overlap.
inline uint64_t few_bytes(const char* p, size_t n) {
  if (n >= 4) return load_word<uint32_t>(p) | static_cast<uint64_t>(load_word<uint32_t>(p + n - 4)) << (8 * n - 32);
  if (n == 0) return 0;
  auto byte = [p](size_t i) { return static_cast<uint64_t>(static_cast<unsigned char>(p[i])) << (8 * i); };
  return byte(0) | byte(n / 2) | byte(n - 1);
}

/// n bytes at `a` and at `b` are the same.
inline bool same_bytes(const char* a, const char* b, size_t n) {
  if (n > 16) return std::memcmp(a, b, n) == 0;
  if (n <= 8) return few_bytes(a, n) == few_bytes(b, n);
  auto differ = [&](size_t i) { return load_word<uint64_t>(a + i) ^ load_word<uint64_t>(b + i); };
  return (differ(0) | differ(n - 8)) == 0;
}

inline bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() && same_bytes(a.data(), b.data(), a.size());
}

/// Where the one space of the text is; npos where there is none, or another.
inline size_t only_space(std::string_view text) {
  constexpr uint64_t kSpaces = 0x2020202020202020u, kLow = 0x7f7f7f7f7f7f7f7fu;
  size_t place = std::string_view::npos, at = 0;
  bool more = false;
  auto look = [&](uint64_t word) {
    uint64_t other = word ^ kSpaces, found = ~(((other & kLow) + kLow) | other | kLow);  // the top of each byte that is a space
    if (found == 0) return;
    more = more || place != std::string_view::npos || (found & (found - 1)) != 0;
    place = at + static_cast<size_t>(std::countr_zero(found)) / 8;
  };
  for (; text.size() - at > 8; at += 8) look(load_word<uint64_t>(text.data() + at));
  look(few_bytes(text.data() + at, text.size() - at));
  return more ? std::string_view::npos : place;
}

/// A quick hash; not for anything that is kept.
inline uint64_t string_hash(std::string_view text) {
  constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15u;  // 2^64 / golden ratio
  const char* p = text.data();
  size_t n = text.size();
  uint64_t hash = n * kMultiplier;
  auto mix = [&hash](uint64_t word) { hash = std::rotl((hash ^ word) * kMultiplier, 29); };
  for (; n > 8; p += 8, n -= 8) mix(load_word<uint64_t>(p));
  mix(few_bytes(p, n));
  hash *= kMultiplier;
  return hash ^ hash >> 32;
}

}  // namespace athanor::text

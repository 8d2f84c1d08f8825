#include "athanor/core/text/tokenizers/charsmap.h"

#include <cstring>

#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

// A unit: bit 8 says that a text ends at this node; bits 10.. (shifted by 8 more where bit 9 is set) are the offset to its
// children, which lie at (place ^ offset) ^ byte; a child's low byte is its label. A unit with bit 31 set is a value.
bool ends_here(uint32_t unit) { return unit >> 8 & 1; }
uint32_t offset_of(uint32_t unit) { return (unit >> 10) << ((unit & (1u << 9)) >> 6); }
uint32_t label_of(uint32_t unit) { return unit & ((1u << 31) | 0xff); }
uint32_t value_of(uint32_t unit) { return unit & 0x7fffffff; }

}  // namespace

std::optional<Charsmap> Charsmap::parse(std::string_view bytes) {
  uint32_t size = 0;
  if (bytes.size() <= sizeof size) return std::nullopt;
  std::memcpy(&size, bytes.data(), sizeof size);
  bytes.remove_prefix(sizeof size);
  if (size >= bytes.size() || size % 4 != 0 || size == 0) return std::nullopt;
  Charsmap map;
  map.units_.resize(size / 4);
  std::memcpy(map.units_.data(), bytes.data(), size);
  map.texts_ = bytes.substr(size);
  if (!is_utf8(map.texts_)) return std::nullopt;
  return map;
}

bool Charsmap::rewrites_ascii(unsigned char sign) const {
  size_t at = offset_of(units_[0]) ^ sign;
  if (at >= units_.size() || label_of(units_[at]) != sign) return false;
  if (ends_here(units_[at])) return true;
  at ^= offset_of(units_[at]);
  for (uint32_t next = 1; next < 128; ++next)
    if ((at ^ next) < units_.size() && label_of(units_[at ^ next]) == next) return true;
  return false;
}

bool Charsmap::begins_rule(std::string_view text) const {
  size_t at = offset_of(units_[0]);
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    at ^= byte;
    if (at >= units_.size() || label_of(units_[at]) != byte) return false;
    if (ends_here(units_[at])) return true;
    at ^= offset_of(units_[at]);
  }
  return true;
}

std::optional<Charsmap::Match> Charsmap::find(std::string_view text, bool longest) const {
  std::optional<Match> found;
  size_t at = offset_of(units_[0]);
  for (size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    at ^= byte;
    if (at >= units_.size() || label_of(units_[at]) != byte) break;
    uint32_t unit = units_[at];
    at ^= offset_of(unit);
    if (!ends_here(unit) || at >= units_.size()) continue;
    size_t begin = value_of(units_[at]);
    // a value of a broken map may point anywhere
    if (begin >= texts_.size() || (static_cast<unsigned char>(texts_[begin]) & 0xc0) == 0x80) continue;
    std::string_view rewritten = std::string_view(texts_).substr(begin);
    found = Match{i + 1, rewritten.substr(0, rewritten.find('\0'))};
    if (!longest) break;
  }
  return found;
}

}  // namespace athanor::text

#include "athanor/run/generate/constraints/char_set.h"

#include <utf8proc.h>

#include <algorithm>

#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::generate {

std::vector<CharRange> CharSet::ranges() const {
  std::vector<CharRange> sorted;
  for (CharRange r : ranges_) {  // around the surrogates
    r.high = std::min(r.high, kLastChar);
    if (r.low < 0xd800 && r.low <= r.high) sorted.push_back({r.low, std::min(r.high, 0xd7ffu)});
    if (r.high > 0xdfff && r.low <= r.high) sorted.push_back({std::max(r.low, 0xe000u), r.high});
  }
  std::sort(sorted.begin(), sorted.end(), [](const CharRange& a, const CharRange& b) { return a.low < b.low; });
  std::vector<CharRange> merged;
  for (const CharRange& r : sorted) {
    if (!merged.empty() && r.low <= merged.back().high + 1)
      merged.back().high = std::max(merged.back().high, r.high);
    else
      merged.push_back(r);
  }
  return merged;
}

CharSet CharSet::inverted() const {
  CharSet rest;
  uint32_t next = 0;
  for (const CharRange& r : ranges()) {
    if (r.low > next) rest.add(next, r.low - 1);
    next = r.high + 1;
  }
  if (next <= kLastChar) rest.add(next, kLastChar);
  return rest;
}

CharSet CharSet::without(const CharSet& other) const {
  CharSet outside = inverted();
  outside.add(other);
  return outside.inverted();
}

CharSet CharSet::common_with(const CharSet& other) const { return without(other.inverted()); }

bool CharSet::of_category(std::string_view name, CharSet& out) {
  static constexpr std::string_view kNames[] = {"Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd",
                                                "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm",
                                                "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co"};
  bool wanted[std::size(kNames)] = {}, any = false;
  for (size_t i = 0; i < std::size(kNames); ++i) any |= wanted[i] = !name.empty() && kNames[i].starts_with(name);
  if (!any) return false;
  uint32_t begin = 0;
  bool inside = false;
  for (uint32_t code = 0; code <= kLastChar + 1; ++code) {
    const bool in = code <= kLastChar && wanted[utf8proc_category(static_cast<utf8proc_int32_t>(code))];
    if (in && !inside) begin = code;
    if (!in && inside) out.add(begin, code - 1);
    inside = in;
  }
  return true;
}

namespace {

void split(uint32_t low, uint32_t high, std::vector<ByteSequence>& out) {
  for (uint32_t last : {0x7fu, 0x7ffu, 0xffffu})  // spellings of one length
    if (low <= last && last < high) return split(low, last, out), split(last + 1, high, out);
  const int length = low <= 0x7f ? 1 : low <= 0x7ff ? 2 : low <= 0xffff ? 3 : 4;
  for (int i = 1; i < length; ++i) {  // the last i bytes run through all their values, or the bytes before them are the same
    const uint32_t mask = (1u << (6 * i)) - 1;
    if ((low & ~mask) == (high & ~mask)) continue;
    if ((low & mask) != 0) return split(low, low | mask, out), split((low | mask) + 1, high, out);
    if ((high & mask) != mask) return split(low, (high & ~mask) - 1, out), split(high & ~mask, high, out);
  }
  std::string first, last;
  text::append_utf8(first, low);
  text::append_utf8(last, high);
  ByteSequence sequence;
  for (size_t i = 0; i < first.size(); ++i) sequence.push_back({static_cast<uint8_t>(first[i]), static_cast<uint8_t>(last[i])});
  out.push_back(std::move(sequence));
}

}  // namespace

std::vector<ByteSequence> utf8_sequences(const CharSet& set) {
  std::vector<ByteSequence> out;
  for (const CharRange& r : set.ranges()) split(r.low, r.high, out);
  return out;
}

}  // namespace athanor::generate

#pragma once
// "Units": the 32 bits of a row that one lane multiplies at a time, one float32 or two bfloat16; sixteen of them in a Vec. Written
// once over vector_avx2.h or vector_avx512.h, one of which is included before.
//
// Element is a number in memory, kElements how many of them a unit holds, Raw sixteen units as multiply_add wants them. The _part
// forms read fewer numbers than fill the lanes, at the end of an array; the rest is zero.

#include <bit>
#include <cstdint>
#include <cstring>

namespace athanor::kernels {
namespace {

inline Vec load_words(const void* p) { return load(static_cast<const float*>(p)); }
inline Vec load_last_words(const void* p, int64_t bytes) {
  alignas(64) unsigned char part[64] = {};
  return load_words(std::memcpy(part, p, static_cast<size_t>(bytes)));
}
inline Vec broadcast_word(const void* p) {
  float word;
  std::memcpy(&word, p, sizeof word);
  return all(word);
}

struct UnitF32 {
  using Element = float;
  using Raw = Vec;
  static constexpr int kElements = 1;
  static Vec units(const Element* p) { return load(p); }
  static Vec units_part(const Element* p, int64_t elements) { return load(p, lanes(elements)); }
  static Raw load_raw(const void* p) { return load_words(p); }
  static Raw load_raw_part(const Element* p, int64_t elements) { return units_part(p, elements); }
  static Raw broadcast(const uint32_t* p) { return broadcast_word(p); }
  static Vec multiply_add(Vec sum, Raw a, Raw b) { return fma(a, b, sum); }
};

/// 16-bit weights that are float32 in a product and in a panel: `Widen` reads sixteen.
template <Vec (*Widen)(const uint16_t*)>
struct Widened {
  using Element = uint16_t;
  using Raw = Vec;
  static constexpr int kElements = 1;
  static Vec units(const Element* p) { return Widen(p); }
  static Vec units_part(const Element* p, int64_t elements) {
    Element part[16] = {};
    return Widen(static_cast<Element*>(std::memcpy(part, p, static_cast<size_t>(elements) * sizeof *p)));
  }
  static Raw load_raw(const void* p) { return Widen(static_cast<const Element*>(p)); }
  static Raw load_raw_part(const Element* p, int64_t elements) { return units_part(p, elements); }
};

inline Vec widen_f16(const uint16_t* p) { return load_f16(p); }
inline Vec widen_bf16(const uint16_t* p) { return load(p, kAllLanes); }
using UnitF16 = Widened<widen_f16>;
using UnitWideBf16 = Widened<widen_bf16>;

/// Pairs of bfloat16 as words, whatever multiplies them.
struct Bf16Pairs {
  using Element = uint16_t;
  static constexpr int kElements = 2;
  static Vec units(const Element* p) { return load_words(p); }
  static Vec units_part(const Element* p, int64_t elements) { return load_last_words(p, elements * 2); }
};

/// Without a dot-product instruction: each half is a float32 once it stands in the upper bits.
struct UnitBf16 : Bf16Pairs {
  struct Raw {
    Vec low, high;
  };
  static Raw split(Vec pairs) { return {lower_bf16(pairs), bits_and(pairs, all(std::bit_cast<float>(0xffff0000u)))}; }
  static Raw load_raw(const void* p) { return split(load_words(p)); }
  static Raw load_raw_part(const Element* p, int64_t elements) { return split(units_part(p, elements)); }
  static Raw broadcast(const uint32_t* p) { return split(broadcast_word(p)); }
  static Vec multiply_add(Vec sum, const Raw& a, const Raw& b) { return fma(a.high, b.high, fma(a.low, b.low, sum)); }
};

#ifdef __AVX512BF16__
/// vdpbf16ps takes subnormal numbers as zero; otherwise the sum of UnitBf16.
struct UnitBf16Dot : Bf16Pairs {
  using Raw = Vec;
  static Raw load_raw(const void* p) { return load_words(p); }
  static Raw load_raw_part(const Element* p, int64_t elements) { return units_part(p, elements); }
  static Raw broadcast(const uint32_t* p) { return broadcast_word(p); }
  static Vec multiply_add(Vec sum, Raw a, Raw b) { return bf16_dot(sum, a, b); }
};
#endif

}  // namespace
}  // namespace athanor::kernels

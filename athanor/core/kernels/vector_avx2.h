#pragma once
// Sixteen floats at a time as two halves of eight: vector_avx512.h for AVX2, where the contract of each function is written.

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "athanor/core/kernels/vector_lanes.h"

namespace athanor::kernels {

namespace avx2 {
struct Vec {
  __m256 low, high;
};
}  // namespace avx2

namespace {

using avx2::Vec;
inline constexpr bool kFewRegisters = true;

inline Vec all(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
inline Vec operator+(Vec a, Vec b) { return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }
inline Vec operator-(Vec a, Vec b) { return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)}; }
inline Vec operator*(Vec a, Vec b) { return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)}; }
inline Vec operator/(Vec a, Vec b) { return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)}; }
inline Vec fms(Vec a, Vec b, Vec c) { return {_mm256_fmsub_ps(a.low, b.low, c.low), _mm256_fmsub_ps(a.high, b.high, c.high)}; }
inline Vec fnma(Vec a, Vec b, Vec c) { return {_mm256_fnmadd_ps(a.low, b.low, c.low), _mm256_fnmadd_ps(a.high, b.high, c.high)}; }
inline Vec min(Vec a, Vec b) { return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)}; }
inline Vec max(Vec a, Vec b) { return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)}; }
inline Vec sqrt(Vec a) { return {_mm256_sqrt_ps(a.low), _mm256_sqrt_ps(a.high)}; }
inline Vec bits_and(Vec a, Vec b) { return {_mm256_and_ps(a.low, b.low), _mm256_and_ps(a.high, b.high)}; }
inline Vec bits_or(Vec a, Vec b) { return {_mm256_or_ps(a.low, b.low), _mm256_or_ps(a.high, b.high)}; }
inline Vec abs(Vec a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.low), _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.high)}; }
inline Vec floor(Vec a) { return {_mm256_floor_ps(a.low), _mm256_floor_ps(a.high)}; }

inline Mask from_sign_bits(__m256 low, __m256 high) {
  return static_cast<Mask>(_mm256_movemask_ps(low) | _mm256_movemask_ps(high) << 8);
}
inline Mask greater(Vec a, Vec b) {
  return from_sign_bits(_mm256_cmp_ps(a.low, b.low, _CMP_GT_OQ), _mm256_cmp_ps(a.high, b.high, _CMP_GT_OQ));
}

inline __m256i eight_lanes(unsigned mask) {  // all ones where a bit of the lower eight is set
  const __m256i bits = _mm256_set_epi32(128, 64, 32, 16, 8, 4, 2, 1);
  return _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(static_cast<int>(mask)), bits), bits);
}
inline Vec select(Mask mask, Vec a, Vec b) {
  return {_mm256_blendv_ps(b.low, a.low, _mm256_castsi256_ps(eight_lanes(mask))),
          _mm256_blendv_ps(b.high, a.high, _mm256_castsi256_ps(eight_lanes(mask >> 8)))};
}
inline Mask between(const int32_t* first, int32_t key, const int32_t* last) {
  const auto outside = [&](int64_t i) {
    const __m256i k = _mm256_set1_epi32(key), from = _mm256_load_si256(reinterpret_cast<const __m256i*>(first + i)),
                  to = _mm256_load_si256(reinterpret_cast<const __m256i*>(last + i));
    return _mm256_castsi256_ps(_mm256_or_si256(_mm256_cmpgt_epi32(from, k), _mm256_cmpgt_epi32(k, to)));
  };
  return static_cast<Mask>(~from_sign_bits(outside(0), outside(8)));
}

/// The sums of halves, as _mm512_reduce_add_ps takes them.
inline float sum(Vec v) {
  const __m256 eight = _mm256_add_ps(v.low, v.high);
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
inline float largest(Vec v) {
  const __m256 eight = _mm256_max_ps(v.low, v.high);
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

inline Vec load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
inline void store(float* p, Vec x) {
  _mm256_storeu_ps(p, x.low);
  _mm256_storeu_ps(p + 8, x.high);
}
inline Vec load(const float* p, Mask mask) {
  if (mask == kAllLanes) return load(p);
  return {_mm256_maskload_ps(p, eight_lanes(mask)), _mm256_maskload_ps(p + 8, eight_lanes(mask >> 8))};
}
inline void store(float* p, Mask mask, Vec x) {
  if (mask == kAllLanes) return store(p, x);
  _mm256_maskstore_ps(p, eight_lanes(mask), x.low);
  _mm256_maskstore_ps(p + 8, eight_lanes(mask >> 8), x.high);
}

inline __m256 widen(__m128i bf16) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bf16), 16)); }
inline __m128i narrow(__m256 x) {
  const __m256i u = _mm256_castps_si256(x), upper = _mm256_srli_epi32(u, 16), odd = _mm256_and_si256(upper, _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(u, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff))), 16);
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  const __m256i chosen = _mm256_blendv_epi8(rounded, _mm256_or_si256(upper, _mm256_set1_epi32(0x40)), nan);
  return _mm_packus_epi32(_mm256_castsi256_si128(chosen), _mm256_extracti128_si256(chosen, 1));
}
/// The lanes of a mask are the first ones, as lanes() makes them: AVX2 has no masks for 16-bit numbers.
inline Vec load(const uint16_t* p, Mask mask) {
  alignas(32) uint16_t part[16] = {};
  if (mask != kAllLanes) p = static_cast<uint16_t*>(std::memcpy(part, p, 2 * static_cast<size_t>(__builtin_popcount(mask))));
  const auto* at = reinterpret_cast<const __m128i*>(p);
  return {widen(_mm_loadu_si128(at)), widen(_mm_loadu_si128(at + 1))};
}
inline void store(uint16_t* p, Mask mask, Vec x) {
  alignas(32) uint16_t part[16];
  auto* at = reinterpret_cast<__m128i*>(mask == kAllLanes ? p : part);
  _mm_storeu_si128(at, narrow(x.low));
  _mm_storeu_si128(at + 1, narrow(x.high));
  if (mask != kAllLanes) std::memcpy(p, part, 2 * static_cast<size_t>(__builtin_popcount(mask)));
}
inline Vec lower_bf16(Vec pairs) {
  const auto half = [](__m256 x) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x), 16)); };
  return {half(pairs.low), half(pairs.high)};
}
inline Vec load_f16(const uint16_t* p) {
  const auto* at = reinterpret_cast<const __m128i*>(p);
  return {_mm256_cvtph_ps(_mm_loadu_si128(at)), _mm256_cvtph_ps(_mm_loadu_si128(at + 1))};
}
inline Vec rounded_to(float, Vec x) { return x; }
inline Vec rounded_to(uint16_t, Vec x) { return {widen(narrow(x.low)), widen(narrow(x.high))}; }

/// p 2^floor(x): the power is made in the exponent's bits.
inline __m256 scale_by_power(__m256 p, __m256 x) {
  const __m256 n = _mm256_max_ps(_mm256_set1_ps(-127.0f), _mm256_min_ps(_mm256_set1_ps(128.0f), _mm256_floor_ps(x)));  // NaN stays
  const __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
  return _mm256_mul_ps(p, _mm256_castsi256_ps(power));
}
inline Vec scale_by_power(Vec p, Vec x) { return {scale_by_power(p.low, x.low), scale_by_power(p.high, x.high)}; }
inline Vec fraction(Vec x) { return x - floor(x); }
inline Vec reciprocal(Vec x) { return all(1.0f) / x; }  // the estimate's 12 bits would need two steps, and then 1 / 1 is not 1

/// x = mantissa 2^exponent, 0.75 <= mantissa < 1.5.
struct Parts {
  Vec mantissa, exponent;
};
inline Parts parts(Vec x) {
  const auto exponent = [](__m256 half) {
    return _mm256_srai_epi32(_mm256_sub_epi32(_mm256_castps_si256(half), _mm256_castps_si256(_mm256_set1_ps(0.75f))), 23);
  };
  const auto mantissa = [](__m256 half, __m256i e) {
    return _mm256_castsi256_ps(_mm256_sub_epi32(_mm256_castps_si256(half), _mm256_slli_epi32(e, 23)));
  };
  const __m256i low = exponent(x.low), high = exponent(x.high);
  return {{mantissa(x.low, low), mantissa(x.high, high)}, {_mm256_cvtepi32_ps(low), _mm256_cvtepi32_ps(high)}};
}

/// a0 b0 a1 b1 .. in two vectors, taken apart and put together.
struct Pairs {
  Vec a, b;
};
inline Pairs apart(Vec first, Vec second) {
  const auto take = [](__m256 x, __m256 y, auto pick) {
    return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(pick(x, y)), 0xd8));
  };
  const auto even = [](__m256 x, __m256 y) { return _mm256_shuffle_ps(x, y, 0x88); };
  const auto odd = [](__m256 x, __m256 y) { return _mm256_shuffle_ps(x, y, 0xdd); };
  return {{take(first.low, first.high, even), take(second.low, second.high, even)},
          {take(first.low, first.high, odd), take(second.low, second.high, odd)}};
}
inline Pairs together(Vec a, Vec b) {
  const auto zip = [](__m256 x, __m256 y) -> Vec {
    const __m256 low = _mm256_unpacklo_ps(x, y), high = _mm256_unpackhi_ps(x, y);
    return {_mm256_permute2f128_ps(low, high, 0x20), _mm256_permute2f128_ps(low, high, 0x31)};
  };
  return {zip(a.low, b.low), zip(a.high, b.high)};
}

inline void transpose8(__m256 (&r)[8]) {
  __m256 t[8];
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
    r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
    t[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
  }
  for (int i = 0; i < 8; ++i) r[i] = t[i];
}
inline void transpose16(Vec (&r)[16]) {
  __m256 quarters[2][2][8];  // [rows][columns]
  for (int i = 0; i < 16; ++i) {
    quarters[i / 8][0][i % 8] = r[i].low;
    quarters[i / 8][1][i % 8] = r[i].high;
  }
  for (auto& rows : quarters)
    for (auto& quarter : rows) transpose8(quarter);
  for (int i = 0; i < 16; ++i) r[i] = {quarters[0][i / 8][i % 8], quarters[1][i / 8][i % 8]};
}

/// Eight 64-bit lanes.
struct Wide {
  __m256i low, high;
};
inline Wide all64(uint64_t x) {
  const __m256i v = _mm256_set1_epi64x(static_cast<int64_t>(x));
  return {v, v};
}
inline Wide ascending64(uint64_t first) {
  const __m256i v = _mm256_set1_epi64x(static_cast<int64_t>(first));
  return {_mm256_add_epi64(v, _mm256_set_epi64x(3, 2, 1, 0)), _mm256_add_epi64(v, _mm256_set_epi64x(7, 6, 5, 4))};
}
inline Wide multiply_low32(Wide a, Wide b) { return {_mm256_mul_epu32(a.low, b.low), _mm256_mul_epu32(a.high, b.high)}; }
inline Wide upper32(Wide a) { return {_mm256_srli_epi64(a.low, 32), _mm256_srli_epi64(a.high, 32)}; }
inline Wide xor3(Wide a, Wide b, Wide c) {
  return {_mm256_xor_si256(_mm256_xor_si256(a.low, b.low), c.low), _mm256_xor_si256(_mm256_xor_si256(a.high, b.high), c.high)};
}
inline Wide join32(Wide below, Wide above) {
  return {_mm256_blend_epi32(below.low, _mm256_slli_epi64(above.low, 32), 0xaa),
          _mm256_blend_epi32(below.high, _mm256_slli_epi64(above.high, 32), 0xaa)};
}
struct WidePairs {
  Wide first, second;
};
inline WidePairs together64(Wide a, Wide b) {
  const auto zip = [](__m256i x, __m256i y) -> Wide {
    const __m256i low = _mm256_unpacklo_epi64(x, y), high = _mm256_unpackhi_epi64(x, y);
    return {_mm256_permute2x128_si256(low, high, 0x20), _mm256_permute2x128_si256(low, high, 0x31)};
  };
  return {zip(a.low, b.low), zip(a.high, b.high)};
}
inline Mask at_least32(Wide words, uint32_t threshold) {
  const __m256i t = _mm256_set1_epi32(static_cast<int>(threshold));
  const auto half = [&](__m256i x) { return _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_max_epu32(x, t), x)); };
  return from_sign_bits(half(words.low), half(words.high));
}

}  // namespace
}  // namespace athanor::kernels

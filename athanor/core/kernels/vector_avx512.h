#pragma once
// Sixteen floats at a time. Only for sources with an instruction set in their name: everything here has internal linkage, so that
// no function compiled for a new processor can take the place of one that an old processor runs. vector_avx2.h has the same
// functions; what is built from them is in vector_math.h.

#include <immintrin.h>

#include <cstdint>

#include "athanor/core/kernels/vector_lanes.h"

namespace athanor::kernels {
namespace {

using Vec = __m512;  // has + - * / of its own
/// 32 vectors of 16, or 8: how many sums a tile can keep.
inline constexpr bool kFewRegisters = false;

inline Vec all(float x) { return _mm512_set1_ps(x); }
inline Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }    // a b + c
inline Vec fms(Vec a, Vec b, Vec c) { return _mm512_fmsub_ps(a, b, c); }    // a b - c
inline Vec fnma(Vec a, Vec b, Vec c) { return _mm512_fnmadd_ps(a, b, c); }  // c - a b
inline Vec min(Vec a, Vec b) { return _mm512_min_ps(a, b); }                // b where one is NaN
inline Vec max(Vec a, Vec b) { return _mm512_max_ps(a, b); }
inline Vec sqrt(Vec a) { return _mm512_sqrt_ps(a); }
inline Vec bits_and(Vec a, Vec b) { return _mm512_and_ps(a, b); }
inline Vec bits_or(Vec a, Vec b) { return _mm512_or_ps(a, b); }
inline Vec abs(Vec a) { return _mm512_abs_ps(a); }
inline Vec floor(Vec a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
inline Mask greater(Vec a, Vec b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }

/// a in the mask's lanes, b in the others.
inline Vec select(Mask mask, Vec a, Vec b) { return _mm512_mask_mov_ps(b, mask, a); }

/// The lanes with first[i] <= key <= last[i]. [16], aligned.
inline Mask between(const int32_t* first, int32_t key, const int32_t* last) {
  const __m512i k = _mm512_set1_epi32(key);
  return _mm512_cmple_epi32_mask(_mm512_load_si512(first), k) & _mm512_cmple_epi32_mask(k, _mm512_load_si512(last));
}

/// Over all lanes; halves are added to halves.
inline float sum(Vec v) { return _mm512_reduce_add_ps(v); }
inline float largest(Vec v) { return _mm512_reduce_max_ps(v); }

/// Lanes outside the mask read as 0 and are not written.
inline Vec load(const float* p) { return _mm512_loadu_ps(p); }
inline void store(float* p, Vec x) { _mm512_storeu_ps(p, x); }
inline Vec load(const float* p, Mask mask) { return _mm512_maskz_loadu_ps(mask, p); }
inline void store(float* p, Mask mask, Vec x) { _mm512_mask_storeu_ps(p, mask, x); }

/// Round to nearest even; NaN stays NaN.
inline __m256i to_bf16(__m512 x) {
#ifdef __AVX512BF16__
  return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x));
#else
  const __m512i u = _mm512_castps_si512(x), upper = _mm512_srli_epi32(u, 16);
  const __m512i odd = _mm512_and_si512(upper, _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff))), 16);
  const Mask nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
  return _mm512_cvtepi32_epi16(_mm512_mask_or_epi32(rounded, nan, upper, _mm512_set1_epi32(0x40)));
#endif
}
inline Vec from_bf16(__m256i x) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16)); }

/// bf16 in memory. A mask is one that lanes() made.
inline Vec load(const uint16_t* p, Mask mask) { return from_bf16(_mm256_maskz_loadu_epi16(mask, p)); }
inline void store(uint16_t* p, Mask mask, Vec x) { _mm256_mask_storeu_epi16(p, mask, to_bf16(x)); }

/// Of words that hold two bfloat16: the lower as float32.
inline Vec lower_bf16(Vec pairs) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(pairs), 16)); }
#ifdef __AVX512BF16__
/// sum + the products of both pairs of a word.
inline Vec bf16_dot(Vec sum, Vec a, Vec b) {
  return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
}
#endif
inline Vec load_f16(const uint16_t* p) { return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }

/// The value as it will be read back from memory.
inline Vec rounded_to(float, Vec x) { return x; }
inline Vec rounded_to(uint16_t, Vec x) { return from_bf16(to_bf16(x)); }

/// p 2^floor(x), 0 far below the smallest number. NaN stays NaN.
inline Vec scale_by_power(Vec p, Vec x) { return _mm512_scalef_ps(p, x); }
inline Vec fraction(Vec x) { return _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }

/// 1 / x for 2^-126 <= |x| <= 2^126: an estimate and one step of Newton's method, relative error 2e-7; a division would take thrice
/// as long.
inline Vec reciprocal(Vec x) {
  const Vec r = _mm512_rcp14_ps(x);
  return r * fnma(x, r, all(2.0f));
}

/// x = mantissa 2^exponent, 0.75 <= mantissa < 1.5.
struct Parts {
  Vec mantissa, exponent;
};
inline Parts parts(Vec x) {
  const Vec mantissa = _mm512_getmant_ps(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_src);
  return {mantissa, _mm512_getexp_ps(x / mantissa)};
}

/// a0 b0 a1 b1 .. in two vectors, taken apart and put together.
struct Pairs {
  Vec a, b;
};
inline Pairs apart(Vec first, Vec second) {
  const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  return {_mm512_permutex2var_ps(first, even, second),
          _mm512_permutex2var_ps(first, _mm512_add_epi32(even, _mm512_set1_epi32(1)), second)};
}
inline Pairs together(Vec a, Vec b) {
  const __m512i first = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return {_mm512_permutex2var_ps(a, first, b), _mm512_permutex2var_ps(a, _mm512_add_epi32(first, _mm512_set1_epi32(8)), b)};
}

inline void transpose16(Vec (&r)[16]) {
  __m512 t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    const __m512d a = _mm512_castps_pd(t[i]), b = _mm512_castps_pd(t[i + 1]), c = _mm512_castps_pd(t[i + 2]),
                  d = _mm512_castps_pd(t[i + 3]);
    r[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
    r[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
    r[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
    r[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {  // r[4g + i] holds column i of each 4 x 4 block of rows 4g ..
    t[i] = _mm512_shuffle_f32x4(r[i], r[4 + i], 0x88);
    t[4 + i] = _mm512_shuffle_f32x4(r[i], r[4 + i], 0xdd);
    t[8 + i] = _mm512_shuffle_f32x4(r[8 + i], r[12 + i], 0x88);
    t[12 + i] = _mm512_shuffle_f32x4(r[8 + i], r[12 + i], 0xdd);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm512_shuffle_f32x4(t[i], t[8 + i], 0x88);
    r[4 + i] = _mm512_shuffle_f32x4(t[4 + i], t[12 + i], 0x88);
    r[8 + i] = _mm512_shuffle_f32x4(t[i], t[8 + i], 0xdd);
    r[12 + i] = _mm512_shuffle_f32x4(t[4 + i], t[12 + i], 0xdd);
  }
}

/// Eight 64-bit lanes, for Philox's products.
using Wide = __m512i;
inline Wide all64(uint64_t x) { return _mm512_set1_epi64(static_cast<int64_t>(x)); }
inline Wide ascending64(uint64_t first) { return _mm512_add_epi64(all64(first), _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0)); }
inline Wide multiply_low32(Wide a, Wide b) { return _mm512_mul_epu32(a, b); }  // of the lanes' lower halves
inline Wide upper32(Wide a) { return _mm512_srli_epi64(a, 32); }
inline Wide xor3(Wide a, Wide b, Wide c) { return _mm512_ternarylogic_epi64(a, b, c, 0x96); }
/// The lower halves of both, in one lane.
inline Wide join32(Wide below, Wide above) { return _mm512_mask_mov_epi32(below, Mask{0xaaaa}, _mm512_slli_epi64(above, 32)); }
/// a0 b0 a1 b1 .. in 64-bit lanes.
struct WidePairs {
  Wide first, second;
};
inline WidePairs together64(Wide a, Wide b) {
  return {_mm512_permutex2var_epi64(a, _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0), b),
          _mm512_permutex2var_epi64(a, _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4), b)};
}
/// The 32-bit words that are not below the threshold.
inline Mask at_least32(Wide words, uint32_t threshold) {
  return _mm512_cmpge_epu32_mask(words, _mm512_set1_epi32(static_cast<int>(threshold)));
}

}  // namespace
}  // namespace athanor::kernels

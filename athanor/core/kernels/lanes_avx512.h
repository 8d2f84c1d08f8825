#pragma once
// 16 lanes of float32, and "units": the 32 bits of a row that one lane multiplies at a time (one float32, or two bfloat16).
// Only for files whose name ends in _avx512 or _vnni: everything here has internal linkage.

#include <immintrin.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>

namespace athanor::kernels {
namespace {

struct Lanes {
  using Vec = __m512;
  static constexpr int kCount = 16;
  static constexpr int kTileRows = 8;  // 8 rows of x are addressed from two registers; 12 need more of them and ran 8 % slower

  static Vec zero() { return _mm512_setzero_ps(); }
  static Vec all(float x) { return _mm512_set1_ps(x); }
  static Vec load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, Vec v) { _mm512_storeu_ps(p, v); }
  static Vec add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
  static Vec mul(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
  static Vec max(Vec a, Vec b) { return _mm512_max_ps(a, b); }
  static Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
  static float sum(Vec v) { return _mm512_reduce_add_ps(v); }
  static float most(Vec v) { return _mm512_reduce_max_ps(v); }
  static Vec from_f16(const uint16_t* p) { return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }

  /// e^x; 0 below -87.3; NaN stays NaN. With n = round(x / ln 2) and r = x - n ln 2, |r| <= 0.347: 2^n times the series of e^r (its
  /// rest is under 6e-9).
  static Vec exp(Vec x) {
    const Vec n = _mm512_roundscale_ps(_mm512_mul_ps(x, all(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const Vec r = fma(n, all(-1.428606765e-6f), fma(n, all(-0.693145752f), x));
    Vec p = all(1.0f / 5040);
    for (float c : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f}) p = fma(p, r, all(c));
    return _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(x, all(-87.3f), _CMP_NLT_UQ), p, n);
  }

  /// 16 floats as bfloat16, nearest even, as base::f32_to_bf16.
  static void store_bf16(uint16_t* out, Vec v) {
    const __m512i bits = _mm512_castps_si512(v);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff))), 16);
    const __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
    rounded = _mm512_mask_or_epi32(rounded, nan, _mm512_srli_epi32(bits, 16), _mm512_set1_epi32(0x40));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm512_cvtepi32_epi16(rounded));
  }
};

/// 16 units from memory; `elements` (of Element, fewer than fill the lanes) from the end of an array, the rest zero.
using Units = __m512i;
inline Units load_units(const void* p) { return _mm512_loadu_si512(p); }
inline Units load_part_32(const void* p, int64_t elements) {
  return _mm512_maskz_loadu_epi32(static_cast<__mmask16>((1u << elements) - 1), p);
}
inline Units load_part_16(const void* p, int64_t elements) {
  return _mm512_maskz_loadu_epi16(static_cast<__mmask32>((1ull << elements) - 1), p);
}

struct UnitF32 {
  using Element = float;
  using Raw = __m512;
  static constexpr int kElements = 1;  // per unit
  static Raw load(const void* p) { return _mm512_loadu_ps(p); }
  static Raw load_part(const void* p, int64_t elements) { return _mm512_castsi512_ps(load_part_32(p, elements)); }
  static Units units(const void* p) { return load_units(p); }
  static Units units_part(const void* p, int64_t elements) { return load_part_32(p, elements); }
  static Raw broadcast(const uint32_t* p) { return _mm512_castsi512_ps(_mm512_set1_epi32(static_cast<int>(*p))); }
  static __m512 multiply_add(__m512 sum, Raw a, Raw b) { return _mm512_fmadd_ps(a, b, sum); }
};

/// Two bfloat16 without a dot-product instruction: each half is a float32 once it stands in the upper bits.
struct UnitBf16 {
  using Element = uint16_t;
  struct Raw {
    __m512 low, high;
  };
  static constexpr int kElements = 2;
  static Raw split(Units units) {
    return {_mm512_castsi512_ps(_mm512_slli_epi32(units, 16)),
            _mm512_castsi512_ps(_mm512_and_si512(units, _mm512_set1_epi32(static_cast<int>(0xffff0000u))))};
  }
  static Raw load(const void* p) { return split(load_units(p)); }
  static Raw load_part(const void* p, int64_t elements) { return split(load_part_16(p, elements)); }
  static Units units(const void* p) { return load_units(p); }
  static Units units_part(const void* p, int64_t elements) { return load_part_16(p, elements); }
  static Raw broadcast(const uint32_t* p) { return split(_mm512_set1_epi32(static_cast<int>(*p))); }
  static __m512 multiply_add(__m512 sum, const Raw& a, const Raw& b) {
    return _mm512_fmadd_ps(a.high, b.high, _mm512_fmadd_ps(a.low, b.low, sum));
  }
};

/// float16 weights against float32 x; in a panel they are float32.
struct UnitF16 {
  using Element = uint16_t;
  using Raw = __m512;
  static constexpr int kElements = 1;
  static Raw load(const void* p) { return Lanes::from_f16(static_cast<const uint16_t*>(p)); }
  static Raw load_part(const void* p, int64_t elements) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(static_cast<__mmask16>((1u << elements) - 1), p));
  }
  static Units units(const void* p) { return _mm512_castps_si512(load(p)); }
  static Units units_part(const void* p, int64_t elements) { return _mm512_castps_si512(load_part(p, elements)); }
};

/// Transposes 16 rows of 16 units: out[i * stride + j] = row j, unit i.
inline void transpose_units(Units (&r)[16], uint32_t* out, int64_t stride) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    for (int j = 0; j < 2; ++j) {
      r[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j], t[i + 2 + j]);
      r[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j], t[i + 2 + j]);
    }
  }
  // r[4g + c]: in each 128-bit part q, column 4q + c of rows 4g .. 4g + 3
  for (int c = 0; c < 4; ++c) {
    const __m512i a = _mm512_shuffle_i32x4(r[c], r[4 + c], 0x88), b = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0x88);
    const __m512i d = _mm512_shuffle_i32x4(r[c], r[4 + c], 0xdd), e = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0xdd);
    _mm512_storeu_si512(out + (0 + c) * stride, _mm512_shuffle_i32x4(a, b, 0x88));
    _mm512_storeu_si512(out + (8 + c) * stride, _mm512_shuffle_i32x4(a, b, 0xdd));
    _mm512_storeu_si512(out + (4 + c) * stride, _mm512_shuffle_i32x4(d, e, 0x88));
    _mm512_storeu_si512(out + (12 + c) * stride, _mm512_shuffle_i32x4(d, e, 0xdd));
  }
}

}  // namespace
}  // namespace athanor::kernels

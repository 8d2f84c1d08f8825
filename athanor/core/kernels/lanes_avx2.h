#pragma once
// 8 lanes of float32, and "units" (see lanes_avx512.h). Only for files whose name ends in _avx2: everything here has internal
// linkage.

#include <immintrin.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>

namespace athanor::kernels {
namespace {

struct Lanes {
  using Vec = __m256;
  static constexpr int kCount = 8;
  static constexpr int kTileRows = 6;  // 6 x 2 sums, 2 weights, 1 broadcast: 15 of 16 registers

  static Vec zero() { return _mm256_setzero_ps(); }
  static Vec all(float x) { return _mm256_set1_ps(x); }
  static Vec load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, Vec v) { _mm256_storeu_ps(p, v); }
  static Vec add(Vec a, Vec b) { return _mm256_add_ps(a, b); }
  static Vec mul(Vec a, Vec b) { return _mm256_mul_ps(a, b); }
  static Vec max(Vec a, Vec b) { return _mm256_max_ps(a, b); }
  static Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
  static float sum(Vec v) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
  }
  static float most(Vec v) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
  }
  static Vec from_f16(const uint16_t* p) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }

  /// e^x as in lanes_avx512.h; 2^n is made in the exponent's bits.
  static Vec exp(Vec x) {
    const Vec n = _mm256_round_ps(_mm256_mul_ps(x, all(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const Vec r = fma(n, all(-1.428606765e-6f), fma(n, all(-0.693145752f), x));
    Vec p = all(1.0f / 5040);
    for (float c : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f}) p = fma(p, r, all(c));
    const __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_and_ps(mul(p, _mm256_castsi256_ps(power)), _mm256_cmp_ps(x, all(-87.3f), _CMP_NLT_UQ));
  }

  /// 8 floats as bfloat16, nearest even, as base::f32_to_bf16.
  static void store_bf16(uint16_t* out, Vec v) {
    const __m256i bits = _mm256_castps_si256(v), upper = _mm256_srli_epi32(bits, 16);
    const __m256i odd = _mm256_and_si256(upper, _mm256_set1_epi32(1));
    const __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff))), 16);
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
    const __m256i chosen = _mm256_blendv_epi8(rounded, _mm256_or_si256(upper, _mm256_set1_epi32(0x40)), nan);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                     _mm_packus_epi32(_mm256_castsi256_si128(chosen), _mm256_extracti128_si256(chosen, 1)));
  }
};

/// 8 units from memory; or the last `bytes` (fewer than 32) of an array, the rest zero.
using Units = __m256i;
inline Units load_units(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i_u*>(p)); }
inline Units load_last(const void* p, int64_t bytes) {
  alignas(32) unsigned char part[32] = {};
  std::memcpy(part, p, static_cast<size_t>(bytes));
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(part));
}

struct UnitF32 {
  using Element = float;
  using Raw = __m256;
  static constexpr int kElements = 1;  // per unit
  static Raw load(const void* p) { return _mm256_loadu_ps(static_cast<const float*>(p)); }
  static Raw load_part(const void* p, int64_t elements) { return _mm256_castsi256_ps(load_last(p, elements * 4)); }
  static Units units(const void* p) { return load_units(p); }
  static Units units_part(const void* p, int64_t elements) { return load_last(p, elements * 4); }
  static Raw broadcast(const uint32_t* p) { return _mm256_castsi256_ps(_mm256_set1_epi32(static_cast<int>(*p))); }
  static __m256 multiply_add(__m256 sum, Raw a, Raw b) { return _mm256_fmadd_ps(a, b, sum); }
};

struct UnitBf16 {
  using Element = uint16_t;
  struct Raw {
    __m256 low, high;
  };
  static constexpr int kElements = 2;
  static Raw split(Units units) {
    return {_mm256_castsi256_ps(_mm256_slli_epi32(units, 16)),
            _mm256_castsi256_ps(_mm256_and_si256(units, _mm256_set1_epi32(static_cast<int>(0xffff0000u))))};
  }
  static Raw load(const void* p) { return split(load_units(p)); }
  static Raw load_part(const void* p, int64_t elements) { return split(load_last(p, elements * 2)); }
  static Units units(const void* p) { return load_units(p); }
  static Units units_part(const void* p, int64_t elements) { return load_last(p, elements * 2); }
  static Raw broadcast(const uint32_t* p) { return split(_mm256_set1_epi32(static_cast<int>(*p))); }
  static __m256 multiply_add(__m256 sum, const Raw& a, const Raw& b) {
    return _mm256_fmadd_ps(a.high, b.high, _mm256_fmadd_ps(a.low, b.low, sum));
  }
};

struct UnitF16 {
  using Element = uint16_t;
  using Raw = __m256;
  static constexpr int kElements = 1;
  static Raw load(const void* p) { return Lanes::from_f16(static_cast<const uint16_t*>(p)); }
  static Raw load_part(const void* p, int64_t elements) {
    return _mm256_cvtph_ps(_mm256_castsi256_si128(load_last(p, elements * 2)));
  }
  static Units units(const void* p) { return _mm256_castps_si256(load(p)); }
  static Units units_part(const void* p, int64_t elements) { return _mm256_castps_si256(load_part(p, elements)); }
};

/// Transposes 8 rows of 8 units: out[i * stride + j] = row j, unit i.
inline void transpose_units(Units (&r)[8], uint32_t* out, int64_t stride) {
  __m256i t[8];
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; ++j) {
      r[i + 2 * j] = _mm256_unpacklo_epi64(t[i + j], t[i + 2 + j]);
      r[i + 2 * j + 1] = _mm256_unpackhi_epi64(t[i + j], t[i + 2 + j]);
    }
  }
  for (int c = 0; c < 4; ++c) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + c * stride), _mm256_permute2x128_si256(r[c], r[4 + c], 0x20));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + (4 + c) * stride), _mm256_permute2x128_si256(r[c], r[4 + c], 0x31));
  }
}

}  // namespace
}  // namespace athanor::kernels

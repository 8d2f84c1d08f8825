#pragma once
// Sixteen floats at a time. Only for sources with an instruction set in their name: everything here has internal linkage, so that
// no function compiled for a new processor can take the place of one that an old processor runs.

#include <immintrin.h>

#include <cstdint>

namespace athanor::kernels {
namespace {

inline constexpr __mmask16 kAllLanes = 0xffff;

/// The lanes of a vector that begins `left` elements before the end.
inline __mmask16 lanes(int64_t left) { return left >= 16 ? kAllLanes : static_cast<__mmask16>((1u << left) - 1); }

/// Calls f(offset, mask) over n elements.
template <typename F>
inline void for_vectors(int64_t n, const F& f) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) f(i, kAllLanes);
  if (i < n) f(i, lanes(n - i));
}

inline __m512 load(const float* p, __mmask16 mask) { return _mm512_maskz_loadu_ps(mask, p); }
inline __m512 load(const uint16_t* p, __mmask16 mask) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, p)), 16));
}

/// Round to nearest even; NaN stays NaN.
inline __m256i to_bf16(__m512 x) {
#ifdef __AVX512BF16__
  return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x));
#else
  const __m512i u = _mm512_castps_si512(x), upper = _mm512_srli_epi32(u, 16);
  const __m512i odd = _mm512_and_si512(upper, _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff))), 16);
  const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
  return _mm512_cvtepi32_epi16(_mm512_mask_or_epi32(rounded, nan, upper, _mm512_set1_epi32(0x40)));
#endif
}

inline void store(float* p, __mmask16 mask, __m512 x) { _mm512_mask_storeu_ps(p, mask, x); }
inline void store(uint16_t* p, __mmask16 mask, __m512 x) { _mm256_mask_storeu_epi16(p, mask, to_bf16(x)); }

/// The value as it will be read back from memory.
inline __m512 rounded_to(float, __m512 x) { return x; }
inline __m512 rounded_to(uint16_t, __m512 x) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(to_bf16(x)), 16));
}

/// 2^f for 0 <= f < 1: polynomials fitted here (least squares reweighted towards the largest error, exact at 0), relative error
/// 8e-8 (degree 5) and 3e-6 (degree 4, enough where the result becomes bf16).
inline __m512 exp2_fraction(__m512 f) {
  __m512 p = _mm512_set1_ps(0.0018671301659196615f);
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.009017029777169228f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.05579991266131401f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.24016444385051727f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.6931512951850891f));
  return _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.0f));
}
inline __m512 exp2_fraction_bf16(__m512 f) {
  __m512 p = _mm512_set1_ps(0.013426684774458408f);
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.052242472767829895f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.2412802129983902f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.6930448412895203f));
  return _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.0f));
}

inline __m512 fraction(__m512 x) { return _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }

/// 2^x; scalef multiplies by 2^floor(x). Very negative (finite) x gives 0, NaN stays NaN.
inline __m512 exp2(__m512 x) { return _mm512_scalef_ps(exp2_fraction(fraction(x)), x); }
inline __m512 exp2_bf16(__m512 x) { return _mm512_scalef_ps(exp2_fraction_bf16(fraction(x)), x); }

/// e^x: ln 2 in two parts keeps the argument exact (Cody and Waite 1980). Relative error 2e-7.
inline __m512 exp(__m512 x) {
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
  // beyond float's range the remainder would be inf - inf
  const __mmask16 far = _mm512_cmp_ps_mask(_mm512_abs_ps(x), _mm512_set1_ps(120.0f), _CMP_GT_OQ);
  r = _mm512_mask_mov_ps(r, far, _mm512_setzero_ps());
  return _mm512_scalef_ps(exp2_fraction(_mm512_mul_ps(r, _mm512_set1_ps(1.44269504f))), n);
}

/// 1 / x for 2^-126 <= |x| <= 2^126: an estimate and one step of Newton's method, relative error 2e-7; a division would take thrice
/// as long.
inline __m512 reciprocal(__m512 x) {
  const __m512 r = _mm512_rcp14_ps(x);
  return _mm512_mul_ps(r, _mm512_fnmadd_ps(x, r, _mm512_set1_ps(2.0f)));
}

/// 1 / (1 + e^-x). Its relative error grows with -x, as e^-x's does: 2e-6 at -20.
inline __m512 sigmoid(__m512 x) {
  const __m512 power = _mm512_min_ps(_mm512_set1_ps(125.0f), _mm512_mul_ps(x, _mm512_set1_ps(-1.44269504f)));  // NaN stays
  return reciprocal(_mm512_add_ps(_mm512_set1_ps(1.0f), exp2(power)));
}

}  // namespace
}  // namespace athanor::kernels

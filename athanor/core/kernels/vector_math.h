#pragma once
// Functions of sixteen numbers, written once over vector_avx2.h or vector_avx512.h, one of which is included before.

#include <initializer_list>

namespace athanor::kernels {
namespace {

/// 2^f for 0 <= f < 1: polynomials fitted here (least squares reweighted towards the largest error, exact at 0), relative error
/// 8e-8 (degree 5) and 3e-6 (degree 4, enough where the result becomes bf16).
inline Vec exp2_fraction(Vec f) {
  Vec p = all(0.0018671301659196615f);
  for (float c : {0.009017029777169228f, 0.05579991266131401f, 0.24016444385051727f, 0.6931512951850891f, 1.0f})
    p = fma(p, f, all(c));
  return p;
}
inline Vec exp2_fraction_bf16(Vec f) {
  Vec p = all(0.013426684774458408f);
  for (float c : {0.052242472767829895f, 0.2412802129983902f, 0.6930448412895203f, 1.0f}) p = fma(p, f, all(c));
  return p;
}

/// 2^x. Very negative (finite) x gives 0, NaN stays NaN.
inline Vec exp2(Vec x) { return scale_by_power(exp2_fraction(fraction(x)), x); }
inline Vec exp2_bf16(Vec x) { return scale_by_power(exp2_fraction_bf16(fraction(x)), x); }

/// e^x: ln 2 in two parts keeps the argument exact (Cody and Waite 1980). Relative error 2e-7.
inline Vec exp(Vec x) {
  const Vec n = floor(x * all(1.44269504f));
  const Vec r = fnma(n, all(-2.12194440e-4f), fnma(n, all(0.693359375f), x));
  // beyond float's range the remainder would be inf - inf
  const Vec near = select(greater(abs(x), all(120.0f)), all(0.0f), r);
  return scale_by_power(exp2_fraction(near * all(1.44269504f)), n);
}

/// Natural logarithm of 0.5 or more: log f = 2 artanh z by its series in z = (f - 1) / (f + 1), |z| < 0.2.
inline Vec log(Vec x) {
  const auto [f, e] = parts(x);
  const Vec z = (f - all(1.0f)) / (f + all(1.0f)), t = z * z;
  Vec p = all(2.0f / 9);
  for (float c : {2.0f / 7, 2.0f / 5, 2.0f / 3, 2.0f}) p = fma(p, t, all(c));
  return fma(e, all(0.69314718f), p * z);
}

/// 1 / (1 + e^-x). Its relative error grows with -x, as e^-x's does: 2e-6 at -20.
inline Vec sigmoid(Vec x) {
  const Vec power = min(all(125.0f), x * all(-1.44269504f));  // NaN stays
  return reciprocal(all(1.0f) + exp2(power));
}

}  // namespace
}  // namespace athanor::kernels

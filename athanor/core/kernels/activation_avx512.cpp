// Activations, 16 numbers at a time. See activation.cpp.

#include "athanor/core/kernels/activation_rows.h"
#include "athanor/core/kernels/vector_avx512.h"

namespace athanor::kernels::avx512 {

namespace {

struct Value {
  __m512 f, slope;
};

__m512 constant(float c) { return _mm512_set1_ps(c); }

// erf by a rational function in x^2 fitted here on [0, 4] (absolute error 5e-7 in f32); beyond, it is 1.
__m512 erf(__m512 x) {
  const __m512 a = _mm512_min_ps(constant(4.0f), _mm512_abs_ps(x)), t = _mm512_mul_ps(a, a);
  const auto horner = [&](auto first, auto... rest) {
    __m512 sum = constant(first);
    ((sum = _mm512_fmadd_ps(sum, t, constant(rest))), ...);
    return sum;
  };
  const __m512 above = horner(1.9867904939019354e-06f, 0.0002845657872967422f, 0.0038833231665194035f, 0.05310167744755745f,
                              0.19354452192783356f, 1.1283791065216064f);
  const __m512 below = horner(3.7420253647724167e-05f, 0.0011855667689815164f, 0.015207207761704922f, 0.11534978449344635f,
                              0.5048569440841675f, 1.0f);
  const __m512 positive = _mm512_min_ps(constant(1.0f), _mm512_mul_ps(_mm512_mul_ps(a, above), reciprocal(below)));
  const __m512 sign = _mm512_and_ps(x, constant(-0.0f));
  return _mm512_or_ps(positive, sign);
}

struct Silu {
  Value operator()(__m512 x) const {
    const __m512 s = sigmoid(x), f = _mm512_mul_ps(x, s);
    return {f, _mm512_fmadd_ps(f, _mm512_sub_ps(constant(1.0f), s), s)};
  }
};

struct Gelu {
  Value operator()(__m512 x) const {
    const __m512 half = constant(0.5f), cdf = _mm512_fmadd_ps(half, erf(_mm512_mul_ps(x, constant(0.70710678f))), half);
    const __m512 square = _mm512_mul_ps(x, x);
    const __m512 density = _mm512_mul_ps(exp(_mm512_mul_ps(constant(-0.5f), square)), constant(0.39894228f));
    return {_mm512_mul_ps(x, cdf), _mm512_fmadd_ps(x, density, cdf)};
  }
};

struct GeluTanh {
  Value operator()(__m512 x) const {
    const __m512 k = constant(1.5957691216f), square = _mm512_mul_ps(x, x);
    const __m512 u = _mm512_mul_ps(_mm512_mul_ps(k, x), _mm512_fmadd_ps(constant(0.044715f), square, constant(1.0f)));
    const __m512 s = sigmoid(u), f = _mm512_mul_ps(x, s);
    const __m512 slope_u = _mm512_mul_ps(k, _mm512_fmadd_ps(constant(3 * 0.044715f), square, constant(1.0f)));
    return {f, _mm512_fmadd_ps(_mm512_mul_ps(f, _mm512_sub_ps(constant(1.0f), s)), slope_u, s)};
  }
};

struct Relu {
  Value operator()(__m512 x) const {
    const __mmask16 positive = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ);
    return {_mm512_max_ps(_mm512_setzero_ps(), x), _mm512_maskz_mov_ps(positive, constant(1.0f))};
  }
};

template <typename T, typename F>
void run_with(const F& f, const ActivationRun<T>& r) {
  for_vectors(r.n, [&](int64_t i, __mmask16 m) {
    const Value v = f(load(r.gate + i, m));
    const __m512 up = r.up ? load(r.up + i, m) : constant(1.0f);
    if (!r.dy) return store(r.y + i, m, _mm512_mul_ps(v.f, up));
    const __m512 dy = load(r.dy + i, m);
    store(r.dgate + i, m, _mm512_mul_ps(_mm512_mul_ps(v.slope, up), dy));
    if (r.dup) store(r.dup + i, m, _mm512_mul_ps(v.f, dy));
  });
}

}  // namespace

template <typename T>
void activation_run(ActivationKind kind, const ActivationRun<T>& run) {
  switch (kind) {
    case ActivationKind::kSilu:
      return run_with(Silu{}, run);
    case ActivationKind::kGelu:
      return run_with(Gelu{}, run);
    case ActivationKind::kGeluTanh:
      return run_with(GeluTanh{}, run);
    case ActivationKind::kRelu:
      return run_with(Relu{}, run);
  }
}

template void activation_run<float>(ActivationKind, const ActivationRun<float>&);
template void activation_run<uint16_t>(ActivationKind, const ActivationRun<uint16_t>&);

}  // namespace athanor::kernels::avx512

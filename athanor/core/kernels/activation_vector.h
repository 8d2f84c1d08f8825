// Activations, 16 numbers at a time. See activation.cpp.

#include "athanor/core/kernels/activation_rows.h"

namespace athanor::kernels::ATH_ISA {

namespace {

struct Value {
  Vec f, slope;
};

// erf by a rational function in x^2 fitted here on [0, 4] (absolute error 5e-7 in f32); beyond, it is 1.
Vec erf(Vec x) {
  const Vec a = min(all(4.0f), abs(x)), t = a * a;
  const auto horner = [&](auto first, auto... rest) {
    Vec sum = all(first);
    ((sum = fma(sum, t, all(rest))), ...);
    return sum;
  };
  const Vec above = horner(1.9867904939019354e-06f, 0.0002845657872967422f, 0.0038833231665194035f, 0.05310167744755745f,
                           0.19354452192783356f, 1.1283791065216064f);
  const Vec below = horner(3.7420253647724167e-05f, 0.0011855667689815164f, 0.015207207761704922f, 0.11534978449344635f,
                           0.5048569440841675f, 1.0f);
  const Vec positive = min(all(1.0f), a * above * reciprocal(below));
  return bits_or(positive, bits_and(x, all(-0.0f)));  // with x's sign
}

struct Silu {
  Value operator()(Vec x) const {
    const Vec s = sigmoid(x), f = x * s;
    return {f, fma(f, all(1.0f) - s, s)};
  }
};

struct Gelu {
  Value operator()(Vec x) const {
    const Vec half = all(0.5f), cdf = fma(half, erf(x * all(0.70710678f)), half);
    const Vec density = exp(all(-0.5f) * (x * x)) * all(0.39894228f);
    return {x * cdf, fma(x, density, cdf)};
  }
};

struct GeluTanh {
  Value operator()(Vec x) const {
    const Vec k = all(1.5957691216f), square = x * x;
    const Vec u = k * x * fma(all(0.044715f), square, all(1.0f));
    const Vec s = sigmoid(u), f = x * s;
    const Vec slope_u = k * fma(all(3 * 0.044715f), square, all(1.0f));
    return {f, fma(f * (all(1.0f) - s), slope_u, s)};
  }
};

struct Relu {
  Value operator()(Vec x) const { return {max(all(0), x), select(greater(x, all(0)), all(1.0f), all(0))}; }
};

template <typename T, typename F>
void run_with(const F& f, const ActivationRun<T>& r) {
  for_vectors(r.n, [&](int64_t i, Mask m) {
    const Value v = f(load(r.gate + i, m));
    const Vec up = r.up ? load(r.up + i, m) : all(1.0f);
    if (!r.dy) return store(r.y + i, m, v.f * up);
    const Vec dy = load(r.dy + i, m);
    store(r.dgate + i, m, v.slope * up * dy);
    if (r.dup) store(r.dup + i, m, v.f * dy);
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

}  // namespace athanor::kernels::ATH_ISA

// A run of AdamW, 16 numbers at a time. See adamw.cpp.

#include "athanor/core/kernels/adamw_run.h"

namespace athanor::kernels::ATH_ISA {

template <typename G>
void adamw_run(int64_t n, const AdamWFactors& f, const G* gradient, float* w, float* m, float* v, uint16_t* working) {
  for_vectors(n, [&](int64_t i, Mask k) {
    const Vec g = load(gradient + i, k) * all(f.gradient_scale);
    const Vec mean = fma(all(f.beta1), load(m + i, k), all(1 - f.beta1) * g);
    const Vec square = fma(all(f.beta2), load(v + i, k), all(1 - f.beta2) * g * g);
    const Vec change = all(f.rate) * mean / fma(sqrt(square), all(f.root), all(f.eps));
    const Vec weight = fms(load(w + i, k), all(f.keep), change);
    store(m + i, k, mean);
    store(v + i, k, square);
    store(w + i, k, weight);
    if (working) store(working + i, k, weight);
  });
}

template void adamw_run<float>(int64_t, const AdamWFactors&, const float*, float*, float*, float*, uint16_t*);
template void adamw_run<uint16_t>(int64_t, const AdamWFactors&, const uint16_t*, float*, float*, float*, uint16_t*);

}  // namespace athanor::kernels::ATH_ISA

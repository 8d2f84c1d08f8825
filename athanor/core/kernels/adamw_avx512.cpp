// A run of AdamW, 16 numbers at a time. See adamw.cpp.

#include "athanor/core/kernels/adamw_run.h"
#include "athanor/core/kernels/vector_avx512.h"

namespace athanor::kernels::avx512 {

template <typename G>
void adamw_run(int64_t n, const AdamWFactors& f, const G* gradient, float* w, float* m, float* v, uint16_t* working) {
  const auto all = [](float x) { return _mm512_set1_ps(x); };
  for_vectors(n, [&](int64_t i, __mmask16 k) {
    const __m512 g = _mm512_mul_ps(load(gradient + i, k), all(f.gradient_scale));
    const __m512 mean = _mm512_fmadd_ps(all(f.beta1), load(m + i, k), _mm512_mul_ps(all(1 - f.beta1), g));
    const __m512 square = _mm512_fmadd_ps(all(f.beta2), load(v + i, k), _mm512_mul_ps(_mm512_mul_ps(all(1 - f.beta2), g), g));
    const __m512 below = _mm512_fmadd_ps(_mm512_sqrt_ps(square), all(f.root), all(f.eps));
    const __m512 change = _mm512_div_ps(_mm512_mul_ps(all(f.rate), mean), below);
    const __m512 weight = _mm512_fmsub_ps(load(w + i, k), all(f.keep), change);
    store(m + i, k, mean);
    store(v + i, k, square);
    store(w + i, k, weight);
    if (working) store(working + i, k, weight);
  });
}

template void adamw_run<float>(int64_t, const AdamWFactors&, const float*, float*, float*, float*, uint16_t*);
template void adamw_run<uint16_t>(int64_t, const AdamWFactors&, const uint16_t*, float*, float*, float*, uint16_t*);

}  // namespace athanor::kernels::avx512

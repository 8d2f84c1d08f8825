// One row of cross-entropy, 16 logits at a time. See cross_entropy.cpp.

#include <cmath>

#include "athanor/core/kernels/cross_entropy_rows.h"
#include "athanor/core/kernels/vector_avx512.h"

namespace athanor::kernels::avx512 {

namespace {
float number(float x) { return x; }
float number(uint16_t x) { return _mm512_cvtss_f32(load(&x, 1)); }
}  // namespace

template <typename T>
float cross_entropy_row(int64_t vocab, const T* logits, int64_t target, float* exponentials, T* gradient) {
  const __m512 lowest = _mm512_set1_ps(-INFINITY);
  __m512 maxima = lowest;
  for_vectors(vocab, [&](int64_t j, __mmask16 m) { maxima = _mm512_mask_max_ps(maxima, m, maxima, load(logits + j, m)); });
  const float largest = _mm512_reduce_max_ps(maxima), at_target = number(logits[target]);
  const __m512 log2e = _mm512_set1_ps(1.44269504f), shift = _mm512_set1_ps(largest);
  __m512 sums = _mm512_setzero_ps();
  for_vectors(vocab, [&](int64_t j, __mmask16 m) {  // the difference is exact near the maximum; a NaN reaches the sum
    const __m512 e = exp2(_mm512_mul_ps(_mm512_sub_ps(load(logits + j, m), shift), log2e));
    sums = _mm512_mask_add_ps(sums, m, sums, e);
    store(exponentials + j, m, e);
  });
  const float sum = _mm512_reduce_add_ps(sums);
  if (gradient) {
    const float inverse = 1.0f / sum;
    for_vectors(vocab, [&](int64_t j, __mmask16 m) {
      store(gradient + j, m, _mm512_mul_ps(load(exponentials + j, m), _mm512_set1_ps(inverse)));
    });
    store(gradient + target, 1, _mm512_set1_ps(exponentials[target] * inverse - 1.0f));
  }
  return std::log(sum) + largest - at_target;
}

template float cross_entropy_row<float>(int64_t, const float*, int64_t, float*, float*);
template float cross_entropy_row<uint16_t>(int64_t, const uint16_t*, int64_t, float*, uint16_t*);

}  // namespace athanor::kernels::avx512

// One block of a fixed-order sum. See tree_sum.cpp.

#include "athanor/core/kernels/tree_sum_blocks.h"
#include "athanor/core/kernels/vector_avx512.h"

namespace athanor::kernels::avx512 {

template <typename T>
float block_sum(int64_t n, const T* x, bool squares) {
  __m512 sums = _mm512_setzero_ps();
  for_vectors(n, [&](int64_t i, __mmask16 m) {
    const __m512 v = load(x + i, m);
    sums = _mm512_add_ps(sums, squares ? _mm512_mul_ps(v, v) : v);
  });
  return _mm512_reduce_add_ps(sums);  // halves, as the scalar form
}

template float block_sum<float>(int64_t, const float*, bool);
template float block_sum<uint16_t>(int64_t, const uint16_t*, bool);

}  // namespace athanor::kernels::avx512

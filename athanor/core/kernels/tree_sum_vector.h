// One block of a fixed-order sum. See tree_sum.cpp.

#include "athanor/core/kernels/tree_sum_blocks.h"

namespace athanor::kernels::ATH_ISA {

template <typename T>
float block_sum(int64_t n, const T* x, bool squares) {
  Vec sums = all(0);
  for_vectors(n, [&](int64_t i, Mask m) {
    const Vec v = load(x + i, m);
    sums = sums + (squares ? v * v : v);
  });
  return sum(sums);  // halves, as the scalar form
}

template float block_sum<float>(int64_t, const float*, bool);
template float block_sum<uint16_t>(int64_t, const uint16_t*, bool);

}  // namespace athanor::kernels::ATH_ISA

// One row of cross-entropy, 16 logits at a time. See cross_entropy.cpp.

#include <cmath>

#include "athanor/core/kernels/cross_entropy_rows.h"

namespace athanor::kernels::ATH_ISA {

template <typename T>
float cross_entropy_row(int64_t vocab, const T* logits, int64_t target, float* exponentials, T* gradient) {
  Vec maxima = all(-INFINITY);
  for_vectors(vocab, [&](int64_t j, Mask m) { maxima = select(m, max(maxima, load(logits + j, m)), maxima); });
  const float most = largest(maxima), at_target = sum(load(logits + target, lanes(1)));
  Vec sums = all(0);
  for_vectors(vocab, [&](int64_t j, Mask m) {  // the difference is exact near the maximum; a NaN reaches the sum
    const Vec e = exp2((load(logits + j, m) - all(most)) * all(1.44269504f));
    sums = select(m, sums + e, sums);
    store(exponentials + j, m, e);
  });
  const float total = sum(sums);
  if (gradient) {
    const float inverse = 1.0f / total;
    for_vectors(vocab, [&](int64_t j, Mask m) { store(gradient + j, m, load(exponentials + j, m) * all(inverse)); });
    store(gradient + target, lanes(1), all(exponentials[target] * inverse - 1.0f));
  }
  return std::log(total) + most - at_target;
}

template float cross_entropy_row<float>(int64_t, const float*, int64_t, float*, float*);
template float cross_entropy_row<uint16_t>(int64_t, const uint16_t*, int64_t, float*, uint16_t*);

}  // namespace athanor::kernels::ATH_ISA

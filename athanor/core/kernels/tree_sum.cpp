// Fixed-order sums. The scalar blocks add in the same order as the vector ones.

#include "athanor/core/kernels/tree_sum.h"

#include <algorithm>
#include <vector>

#include "athanor/core/base/threads.h"
#include "athanor/core/kernels/element.h"
#include "athanor/core/kernels/isa.h"
#include "athanor/core/kernels/tree_sum_blocks.h"

namespace athanor::kernels {

namespace scalar {

template <typename T>
float block_sum(int64_t n, const T* x, bool squares) {
  float sums[16] = {};
  for (int64_t i = 0; i < n; ++i) sums[i % 16] += squares ? to_f32(x[i]) * to_f32(x[i]) : to_f32(x[i]);
  for (int half = 8; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) sums[i] += sums[i + half];
  return sums[0];
}

}  // namespace scalar

namespace {

template <typename T>
float one_block(int64_t n, const T* x, bool squares) {
  return by_isa(scalar::block_sum<T>, avx2::block_sum<T>, avx512::block_sum<T>)(n, x, squares);
}

template <typename T>
double all_blocks(int64_t n, const T* x, bool squares) {
  const int64_t blocks = (n + kSumBlock - 1) / kSumBlock;
  std::vector<float> sums(static_cast<size_t>(blocks));
  base::parallel_for(blocks, 4, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b)
      sums[static_cast<size_t>(b)] = one_block(std::min(kSumBlock, n - b * kSumBlock), x + b * kSumBlock, squares);
  });
  double total = 0;
  for (float s : sums) total += s;
  return total;
}

}  // namespace

template <typename T>
float block_sum(int64_t n, const T* x) {
  return one_block(n, x, false);
}
template <typename T>
float block_sum_of_squares(int64_t n, const T* x) {
  return one_block(n, x, true);
}
template <typename T>
double tree_sum(int64_t n, const T* x) {
  return all_blocks(n, x, false);
}
template <typename T>
double tree_sum_of_squares(int64_t n, const T* x) {
  return all_blocks(n, x, true);
}

template float block_sum<float>(int64_t, const float*);
template float block_sum<uint16_t>(int64_t, const uint16_t*);
template float block_sum_of_squares<float>(int64_t, const float*);
template float block_sum_of_squares<uint16_t>(int64_t, const uint16_t*);
template double tree_sum<float>(int64_t, const float*);
template double tree_sum<uint16_t>(int64_t, const uint16_t*);
template double tree_sum_of_squares<float>(int64_t, const float*);
template double tree_sum_of_squares<uint16_t>(int64_t, const uint16_t*);

}  // namespace athanor::kernels

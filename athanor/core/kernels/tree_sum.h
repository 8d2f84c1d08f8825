#pragma once
// Sums whose rounding does not depend on the number of threads: losses, gradient norms. T is float or uint16_t (bfloat16).

#include <cstdint>

namespace athanor::kernels {

/// Blocks of this many numbers are summed in f32 (16 interleaved sums, then pairwise); the blocks' sums are added in order in f64.
inline constexpr int64_t kSumBlock = 4096;

template <typename T>
double tree_sum(int64_t n, const T* x);
template <typename T>
double tree_sum_of_squares(int64_t n, const T* x);

/// One block, n <= kSumBlock, by one thread.
template <typename T>
float block_sum(int64_t n, const T* x);
template <typename T>
float block_sum_of_squares(int64_t n, const T* x);

}  // namespace athanor::kernels

// Cross-entropy of a block of rows: loss = log sum_j exp(x_j) - x_target, d loss / d x_j = exp(x_j) / sum - [j = target].
//
// A row is walked three times (largest, exponentials and their sum, gradient), but it comes from memory once: 4,096 logits in bf16
// are 8 KB, their exponentials wait in L2. Floor: bytes read and written once over bandwidth, or one exponential (about 12 cycles
// for 16) per logit, whichever is slower; at bf16 in L3 it is the exponential.
// Checked against: double precision formulas, and ATen's cross_entropy through linear_cross_entropy.

#include "athanor/core/kernels/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/kernels/cross_entropy_rows.h"
#include "athanor/core/kernels/element.h"
#include "athanor/core/kernels/isa.h"

namespace athanor::kernels {

namespace scalar {

template <typename T>
float cross_entropy_row(int64_t vocab, const T* logits, int64_t target, float* exponentials, T* gradient) {
  float largest = -INFINITY, sum = 0;
  for (int64_t j = 0; j < vocab; ++j) largest = std::max(largest, to_f32(logits[j]));
  for (int64_t j = 0; j < vocab; ++j) sum += exponentials[j] = std::exp(to_f32(logits[j]) - largest);
  const float loss = std::log(sum) + largest - to_f32(logits[target]);
  if (gradient) {
    for (int64_t j = 0; j < vocab; ++j) gradient[j] = from_f32<T>(exponentials[j] / sum);
    gradient[target] = from_f32<T>(exponentials[target] / sum - 1.0f);
  }
  return loss;
}

}  // namespace scalar

template <typename T>
void cross_entropy(CrossEntropyPass pass, int64_t rows, int64_t vocab, T* logits, const int32_t* targets, float* losses) {
  for (int64_t r = 0; r < rows; ++r)
    if (targets[r] != kIgnoredTarget && (targets[r] < 0 || targets[r] >= vocab))
      base::input_error("kernels.cross_entropy", {"a target is not in the vocabulary", base::cat(targets[r], " in row ", r),
                                                  base::cat("0 to ", vocab - 1, ", or ", kIgnoredTarget, " to ignore the row")});
  const bool wants_gradient = pass == CrossEntropyPass::kLossAndGradient;
  const auto of_row = by_isa(scalar::cross_entropy_row<T>, avx2::cross_entropy_row<T>, avx512::cross_entropy_row<T>);
  base::parallel_for(rows, 1 + 8192 / (vocab + 1), [&](int64_t begin, int64_t end) {
    std::vector<float> exponentials(static_cast<size_t>(vocab));
    for (int64_t r = begin; r < end; ++r) {
      T *row = logits + r * vocab, *gradient = wants_gradient ? row : nullptr;
      if (targets[r] == kIgnoredTarget) {
        losses[r] = 0;
        if (gradient) std::fill(row, row + vocab, T{});
        continue;
      }
      losses[r] = of_row(vocab, row, targets[r], exponentials.data(), gradient);
    }
  });
}

template void cross_entropy<float>(CrossEntropyPass, int64_t, int64_t, float*, const int32_t*, float*);
template void cross_entropy<uint16_t>(CrossEntropyPass, int64_t, int64_t, uint16_t*, const int32_t*, float*);

}  // namespace athanor::kernels

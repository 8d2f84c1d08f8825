#pragma once
// Softmax cross-entropy over blocks of logits, the gradient in place of the logits. T is float or uint16_t (bfloat16).

#include <cstdint>

namespace athanor::kernels {

/// Rows with this target count nothing.
inline constexpr int32_t kIgnoredTarget = -100;

enum class CrossEntropyPass { kLossOnly, kLossAndGradient };

/// losses[r] = log(sum of exp(logits[r])) - logits[r, target], 0 where ignored. With kLossAndGradient logits [rows, vocab] become
/// softmax - onehot(target), zeros where ignored. targets [rows] lie in [0, vocab) or are kIgnoredTarget, else input_error.
template <typename T>
void cross_entropy(CrossEntropyPass pass, int64_t rows, int64_t vocab, T* logits, const int32_t* targets, float* losses);

}  // namespace athanor::kernels

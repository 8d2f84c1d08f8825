#pragma once
// Dropout (Srivastava et al. 2014) without a stored mask: what is dropped is a function of the stream's key and the element's
// index. T is float or uint16_t (bfloat16).

#include <cstdint>

namespace athanor::kernels {

/// Word i % 4 of philox_at(seed, step, kDropout, first_index + i / 4) decides element i.
struct DropoutStream {
  uint64_t seed = 0, step = 0, first_index = 0;
};

/// y[i] = 0 where the element's word is below p * 2^32, else x[i] / (1 - p); plus residual[i] where residual is not null. 0 <= p
/// < 1. The backward pass is the same call on the gradient, without residual. y may be x or residual.
template <typename T>
void dropout(int64_t n, const T* x, double p, const DropoutStream& stream, const T* residual, T* y);

}  // namespace athanor::kernels

#pragma once
// What dropout.cpp asks of an instruction set: a run by one thread. Internal to dropout*.cpp.

#include <cstdint>

namespace athanor::kernels {

/// Philox's counter {index, index >> 32, step_low, step_high} and key, the first element's index, and what follows from p.
struct DropoutKeys {
  uint64_t index;
  uint32_t step_low, step_high, key0, key1;
  uint32_t threshold;  // words below it drop
  float scale;
};

namespace scalar {
template <typename T>
void dropout_run(int64_t n, const T* x, const DropoutKeys& keys, const T* residual, T* y);
}
namespace avx2 {
template <typename T>
void dropout_run(int64_t n, const T* x, const DropoutKeys& keys, const T* residual, T* y);
}
namespace avx512 {
template <typename T>
void dropout_run(int64_t n, const T* x, const DropoutKeys& keys, const T* residual, T* y);
}

}  // namespace athanor::kernels

#pragma once
// What activation.cpp asks of an instruction set: one contiguous run by one thread. Internal to activation*.cpp.

#include <cstdint>

#include "athanor/core/kernels/activation.h"

namespace athanor::kernels {

/// `up` null: plain activation, dx goes to dgate. `dy` null: forward, into y.
template <typename T>
struct ActivationRun {
  int64_t n;
  const T* gate;
  const T* up;
  const T* dy;
  T* y;
  T* dgate;
  T* dup;
};

namespace scalar {
template <typename T>
void activation_run(ActivationKind kind, const ActivationRun<T>& run);
}
namespace avx2 {
template <typename T>
void activation_run(ActivationKind kind, const ActivationRun<T>& run);
}
namespace avx512 {
template <typename T>
void activation_run(ActivationKind kind, const ActivationRun<T>& run);
}

}  // namespace athanor::kernels

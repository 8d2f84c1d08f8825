#pragma once
// One thread's part of a gemm, by instruction set. Internal to gemm*.cpp.

#include "athanor/core/kernels/gemm.h"

namespace athanor::kernels {
namespace avx2 {
template <typename T>
void gemm_block(const Gemm<T>& part);
}
namespace avx512 {
template <typename T>
void gemm_block(const Gemm<T>& part);
}
}  // namespace athanor::kernels

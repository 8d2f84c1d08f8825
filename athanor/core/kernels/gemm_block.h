#pragma once
// One thread's part of a gemm, by instruction set. Internal to gemm*.cpp.

#include "athanor/core/kernels/gemm.h"

namespace athanor::kernels {
namespace avx2 {
void gemm_block(const Gemm& part);
}
namespace avx512 {
void gemm_block(const Gemm& part);
}
}  // namespace athanor::kernels

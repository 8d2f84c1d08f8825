#include "athanor/core/kernels/vector_avx512.h"
//
#include "athanor/core/kernels/gemm_tiles.h"

namespace athanor::kernels::avx512 {

void gemm_block(const Gemm& part) { gemm_in_blocks(part); }

}  // namespace athanor::kernels::avx512

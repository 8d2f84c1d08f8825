#include "athanor/core/kernels/vector_avx512.h"

#include "athanor/core/kernels/gemm_tiles.h"

namespace athanor::kernels::avx512 {

template <typename T>
void gemm_block(const Gemm<T>& part) {
  gemm_in_blocks(part);
}
template void gemm_block<float>(const Gemm<float>&);
template void gemm_block<uint16_t>(const Gemm<uint16_t>&);

}  // namespace athanor::kernels::avx512

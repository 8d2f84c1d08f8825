// Flash attention with f32 products. See flash_attention.cpp.

#include <algorithm>

#include "athanor/core/kernels/flash_attention_backward_tiles.h"

namespace athanor::kernels::ATH_ISA {

size_t forward_scratch(int64_t length, int64_t head_dim) { return ForwardScratch<F32Math>(length, head_dim, nullptr).bytes; }
size_t backward_scratch(int64_t length, int64_t head_dim) { return BackwardScratch<F32Math>(length, head_dim, nullptr).bytes; }

template <typename T>
void forward_group(const ForwardGroup<T>& group) {
  Forward<F32Math, T>(group).run();
}

template <typename T>
void backward_group(const BackwardGroup<T>& group) {
  Backward<F32Math, T>(group).run();
}

template void forward_group<float>(const ForwardGroup<float>&);
template void forward_group<uint16_t>(const ForwardGroup<uint16_t>&);
template void backward_group<float>(const BackwardGroup<float>&);
template void backward_group<uint16_t>(const BackwardGroup<uint16_t>&);

}  // namespace athanor::kernels::ATH_ISA

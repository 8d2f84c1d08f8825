// Flash attention with bf16 products (vdpbf16ps) and f32 sums. See flash_attention.cpp.

#include <algorithm>

#include "athanor/core/kernels/flash_attention_backward_tiles.h"

namespace athanor::kernels::vnni {

size_t forward_scratch(int64_t length, int64_t head_dim) { return ForwardScratch<Bf16Math>(length, head_dim, nullptr).bytes; }
size_t backward_scratch(int64_t length, int64_t head_dim) { return BackwardScratch<Bf16Math>(length, head_dim, nullptr).bytes; }

void forward_group(const ForwardGroup<uint16_t>& group) { Forward<Bf16Math, uint16_t>(group).run(); }
void backward_group(const BackwardGroup<uint16_t>& group) { Backward<Bf16Math, uint16_t>(group).run(); }

}  // namespace athanor::kernels::vnni

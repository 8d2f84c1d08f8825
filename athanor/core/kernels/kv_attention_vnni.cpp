#include "athanor/core/kernels/vector_avx512.h"

#include "athanor/core/kernels/kv_attention_tile.h"

namespace athanor::kernels {

void attention_vnni(const KvLayer& layer, const Queries& queries, const AttentionTask& task) {
  if (layer.shape.type == KvType::kF32) return Attention<UnitF32>(layer, queries, task).run();
  Attention<UnitBf16Dot>(layer, queries, task).run();
}

}  // namespace athanor::kernels

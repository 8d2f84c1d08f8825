#include "athanor/learn/nn/fused/fused.h"

namespace athanor::nn::fused {

bool applies(const at::Tensor& x) {
  return x.device().is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && x.numel() > 0;
}

}  // namespace athanor::nn::fused

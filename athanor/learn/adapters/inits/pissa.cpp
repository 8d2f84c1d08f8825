// PiSSA (Meng et al. 2024): what learns is the weight's own largest part. With W = U S V^T and the r largest singular values,
//   A = sqrt(S_r / s) V_r^T [r, in],   B = U_r sqrt(S_r / s) [out, r],   W <- W - s B A
// so that the model's answers stay as they were (s is the product's scale). A run's folder holds the difference to these first
// values as a plain LoRA of rank 2 r, [A; A0] and [B, -B0], so that it goes onto the unchanged base anywhere. Checked against
// PEFT's init_lora_weights="pissa": the product B A.

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/sqrt.h>

#include "athanor/learn/adapters/catalog.h"

namespace athanor::adapters {

FirstValues pissa_values(const InitTarget& t) {
  const auto [u, s, vh] = at::linalg_svd(t.weight, false);
  const at::Tensor root = at::sqrt(s.narrow(0, 0, t.rank) / t.scale);
  return {(root.unsqueeze(1) * vh.narrow(0, 0, t.rank)).contiguous(), (u.narrow(1, 0, t.rank) * root).contiguous(), true};
}

}  // namespace athanor::adapters

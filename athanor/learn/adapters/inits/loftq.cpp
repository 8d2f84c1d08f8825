// LoftQ (Li et al. 2023), one step: the product begins as the best rank-r answer to what quantizing lost. With Q the quantized
// weight that the layer keeps and W - Q = U S V^T,
//   A = sqrt(S_r / s) V_r^T [r, in],   B = U_r sqrt(S_r / s) [out, r]
// where PEFT leaves the scale s out (equal for alpha = r). Checked against PEFT's loftq_init: the product s B A.

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/sqrt.h>

#include "athanor/learn/adapters/catalog.h"

namespace athanor::adapters {

FirstValues loftq_values(const InitTarget& t) {
  const auto [u, s, vh] = at::linalg_svd(t.weight - t.kept, false);
  const at::Tensor root = at::sqrt(s.narrow(0, 0, t.rank) / t.scale);
  return {(root.unsqueeze(1) * vh.narrow(0, 0, t.rank)).contiguous(), (u.narrow(1, 0, t.rank) * root).contiguous()};
}

}  // namespace athanor::adapters

#include "athanor/learn/nn/functions.h"

#include "athanor/learn/nn/functions_reference.h"

namespace athanor::nn {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) { return reference::rms_norm(x, weight, eps); }

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps) {
  return reference::layer_norm(x, weight, bias, eps);
}

at::Tensor activation(const at::Tensor& x, models::Activation kind) { return reference::activation(x, kind); }

at::Tensor gated_activation(const at::Tensor& gate, const at::Tensor& up, models::Activation kind) {
  return reference::gated_activation(gate, up, kind);
}

at::Tensor rotate(const at::Tensor& x, const at::Tensor& positions, const RotaryTable& table) {
  return reference::rotate(x, positions, table);
}

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionArgs& args) {
  return args.kind == AttentionKind::kNaive ? reference::attention_naive(q, k, v, args) : reference::attention_sdpa(q, k, v, args);
}

at::Tensor dropout(const at::Tensor& x, double p, const DropoutKey& key) { return reference::dropout(x, p, key); }

at::Tensor linear_cross_entropy(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets) {
  return reference::linear_cross_entropy(hidden, weight, targets);
}

}  // namespace athanor::nn

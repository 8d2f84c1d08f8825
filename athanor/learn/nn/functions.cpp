#include "athanor/learn/nn/functions.h"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/linear.h>

#include "athanor/learn/nn/functions_reference.h"
#include "athanor/learn/nn/fused/fused.h"

namespace athanor::nn {
namespace {

constexpr int64_t kWidestFlashHead = 256;

/// Values narrower than keys (latent attention) are padded with zeros: the kernel has one width.
at::Tensor flash_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionArgs& args) {
  const int64_t missing = q.size(3) - v.size(3);
  if (missing == 0) return fused::attention(q, k, v, args);
  return fused::attention(q, k, at::constant_pad_nd(v, {0, missing}), args).narrow(3, 0, v.size(3));
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return fused::linear_applies(x, weight) ? fused::linear(x, weight, bias) : at::linear(x, weight, bias);
}

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  return fused::applies(x) ? fused::rms_norm(x, weight, eps) : reference::rms_norm(x, weight, eps);
}

AddedNorm add_rms_norm(const at::Tensor& x, const at::Tensor& delta, const at::Tensor& weight, double eps) {
  if (fused::applies(x)) return fused::add_rms_norm(x, delta, weight, eps);
  at::Tensor sum = x.add(delta);
  return {sum, reference::rms_norm(sum, weight, eps)};
}

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps) {
  return fused::applies(x) ? fused::layer_norm(x, weight, bias, eps) : reference::layer_norm(x, weight, bias, eps);
}

at::Tensor activation(const at::Tensor& x, models::Activation kind) {
  return fused::applies(x) ? fused::activation(x, kind) : reference::activation(x, kind);
}

at::Tensor gated_activation(const at::Tensor& gate, const at::Tensor& up, models::Activation kind) {
  return fused::applies(gate) ? fused::gated_activation(gate, up, kind) : reference::gated_activation(gate, up, kind);
}

at::Tensor rotate(const at::Tensor& x, const at::Tensor& positions, const RotaryTable& table) {
  return fused::applies(x) ? fused::rotate(x, positions, table) : reference::rotate(x, positions, table);
}

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionArgs& args) {
  if (args.kind == AttentionKind::kNaive || args.cap != 0) return reference::attention_naive(q, k, v, args);
  const bool flash = args.kind == AttentionKind::kFused && fused::applies(q) && !args.slopes.defined() &&
                     q.size(3) <= kWidestFlashHead && v.size(3) <= q.size(3);
  return flash ? flash_attention(q, k, v, args) : reference::attention_sdpa(q, k, v, args);
}

at::Tensor dropout(const at::Tensor& x, double p, const DropoutKey& key) {
  return fused::applies(x) ? fused::dropout(x, p, key) : reference::dropout(x, p, key);
}

at::Tensor linear_cross_entropy(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets) {
  return fused::applies(hidden) ? fused::linear_cross_entropy(hidden, weight, targets)
                                : reference::linear_cross_entropy(hidden, weight, targets);
}

}  // namespace athanor::nn

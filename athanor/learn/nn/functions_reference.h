#pragma once
// functions.h composed of ATen operators: the way that works everywhere, and the oracle that the fused kernels are tested against.

#include "athanor/learn/nn/functions.h"

namespace athanor::nn::reference {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);
at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps);
at::Tensor activation(const at::Tensor& x, models::Activation kind);
at::Tensor gated_activation(const at::Tensor& gate, const at::Tensor& up, models::Activation kind);
at::Tensor rotate(const at::Tensor& x, const at::Tensor& positions, const RotaryTable& table);
at::Tensor attention_naive(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionArgs& args);
at::Tensor attention_sdpa(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionArgs& args);
at::Tensor dropout(const at::Tensor& x, double p, const DropoutKey& key);
/// Blocks of rows whose logits are made again in the backward pass's stead: gradients are taken while the logits are there.
at::Tensor linear_cross_entropy(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets);

}  // namespace athanor::nn::reference

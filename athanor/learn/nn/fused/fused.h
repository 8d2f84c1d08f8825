#pragma once
// functions.h on our own CPU kernels, with hand-written backward passes. Same meanings and shapes as there; `applies` says where.

#include "athanor/learn/nn/functions.h"

namespace athanor::nn::fused {

/// Whether the kernels take this tensor: on the CPU, f32 or bf16.
bool applies(const at::Tensor& x);

/// Of linear: where gemm_applies, and the rows or the columns of the matrix are neighbours.
bool linear_applies(const at::Tensor& x, const at::Tensor& weight);

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);
at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps);
at::Tensor activation(const at::Tensor& x, models::Activation kind);
at::Tensor gated_activation(const at::Tensor& gate, const at::Tensor& up, models::Activation kind);
at::Tensor rotate(const at::Tensor& x, const at::Tensor& positions, const RotaryTable& table);
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionArgs& args);
at::Tensor dropout(const at::Tensor& x, double p, const DropoutKey& key);
at::Tensor linear_cross_entropy(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets);

/// One pass forward, one backward, instead of two and three.
AddedNorm add_rms_norm(const at::Tensor& x, const at::Tensor& delta, const at::Tensor& weight, double eps);

}  // namespace athanor::nn::fused

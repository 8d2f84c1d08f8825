#pragma once
// Matrix products of 2-d CPU tensors: f32 on core/kernels/gemm, other types on libtorch. Internal to fused/.

#include <ATen/core/Tensor.h>

namespace athanor::nn::fused {

/// Whether gemm takes part in products of this type on this processor; without vector instructions libtorch's are faster.
bool gemm_applies(const at::Tensor& x);

/// a [m, k] b [k, n] -> new [m, n], plus bias [n] where defined.
at::Tensor product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {});
/// out = a b, plus bias [n] where defined: out is dense or has neighbouring columns.
void product_into(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {});
/// out += a b.
void add_product(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b);

}  // namespace athanor::nn::fused

#pragma once
// Matrix products of 2-d tensors without gradients: f32 on the CPU on core/kernels/gemm, everything else on libtorch.

#include <ATen/core/Tensor.h>

namespace athanor::nn {

/// Whether gemm takes part in products of this type on this processor; without vector instructions libtorch's are faster.
bool gemm_applies(const at::Tensor& x);

/// a [m, k] b [k, n] -> new [m, n], plus bias [n] where defined.
at::Tensor product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {});
/// out = a b, plus bias [n] where defined: out is dense or has neighbouring columns.
void product_into(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {});
/// out += a b.
void add_product(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b);

}  // namespace athanor::nn

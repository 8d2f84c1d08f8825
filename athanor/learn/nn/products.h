#pragma once
// Matrix products of 2-d tensors without gradients: on the CPU f32, and bf16 where the processor has no
// instruction for it, on core/kernels/gemm; everything else on libtorch.

#include <ATen/core/Tensor.h>

namespace athanor::nn {

/// Whether gemm makes products of this type here. Without vector instructions, and with those for bf16, libtorch is faster.
bool gemm_applies(const at::Tensor& x);

/// a [m, k] b [k, n] -> new [m, n], plus bias [n] where defined.
at::Tensor product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {});
/// out = a b, plus bias [n] where defined: out is dense or has neighbouring columns.
void product_into(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {});
/// out += a b.
void add_product(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b);

}  // namespace athanor::nn

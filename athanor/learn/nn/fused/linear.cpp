// A linear layer on core/kernels/gemm: three products, y = x W^T, dx = dy W, dW = dy^T x, and the bias's gradient, a sum
// over rows. Only what a gradient needs is kept and computed: nothing of x where W is frozen, as below an adapter.

#include <ATen/ops/sum.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "athanor/learn/nn/fused/fused.h"
#include "athanor/learn/nn/fused/pointers.h"
#include "athanor/learn/nn/products.h"

namespace athanor::nn::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor rows_of(const at::Tensor& x) { return x.reshape({-1, x.size(-1)}); }

/// A weight stored [in, out] and seen through t() gets its gradient in the same order.
at::Tensor weight_gradient(const at::Tensor& dy, const at::Tensor& x, bool transposed) {
  return transposed ? product(x.t(), dy).t() : product(dy.t(), x);
}

class Linear : public torch::autograd::Function<Linear> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias) {
    const at::Tensor rows = rows_of(x);
    std::vector<int64_t> sizes = x.sizes().vec();
    sizes.back() = weight.size(0);
    at::Tensor y = at::empty(sizes, x.options());  // itself and no view, so that who gets it may add to it in place
    product_into(rows_of(y), rows, weight.t(), bias.value_or(at::Tensor()));
    const bool learns = weight.requires_grad();
    context->save_for_backward({learns ? rows : at::Tensor(), x.requires_grad() ? weight : at::Tensor()});
    context->saved_data["bias"] = bias.has_value();
    context->saved_data["transposed"] = weight.stride(0) == 1 && weight.stride(1) != 1;
    return y;
  }
  static variable_list backward(AutogradContext* context, variable_list incoming) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor dy = rows_of(incoming[0]);
    at::Tensor dx, dweight, dbias;
    if (context->needs_input_grad(0)) {
      std::vector<int64_t> sizes = incoming[0].sizes().vec();
      sizes.back() = saved[1].size(1);
      dx = product(dy, saved[1]).view(sizes);
    }
    if (context->needs_input_grad(1)) dweight = weight_gradient(dy, saved[0], context->saved_data["transposed"].toBool());
    if (context->saved_data["bias"].toBool() && context->needs_input_grad(2)) dbias = dy.sum(0);
    return {dx, dweight, dbias};
  }
};

}  // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return Linear::apply(x, weight, given(bias));
}

bool linear_applies(const at::Tensor& x, const at::Tensor& weight) {
  return gemm_applies(x) && weight.scalar_type() == x.scalar_type() && weight.dim() == 2 && x.numel() > 0 &&
         (weight.stride(0) == 1 || weight.stride(1) == 1);
}

}  // namespace athanor::nn::fused

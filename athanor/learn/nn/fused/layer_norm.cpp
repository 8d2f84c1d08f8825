// LayerNorm on core/kernels/norms. The backward pass keeps x and two numbers per row.

#include <torch/csrc/autograd/custom_function.h>

#include "athanor/core/kernels/norms.h"
#include "athanor/learn/nn/fused/fused.h"
#include "athanor/learn/nn/fused/pointers.h"

namespace athanor::nn::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class LayerNorm : public torch::autograd::Function<LayerNorm> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& weight,
                            const std::optional<at::Tensor>& given_bias, double eps) {
    const at::Tensor bias = given_bias.value_or(at::Tensor()), x = given.contiguous(), wide = f32(weight), wide_bias = f32(bias);
    const int64_t width = x.size(-1), rows = x.numel() / width;
    at::Tensor y = dense_like(x), mean = empty_f32({rows}), rstd = empty_f32({rows});
    by_type(x, [&]<typename T>() {
      kernels::layer_norm({.rows = rows, .width = width}, input<T>(x), input<float>(wide), input<float>(wide_bias),
                          static_cast<float>(eps), output<T>(y), output<float>(mean), output<float>(rstd));
    });
    context->save_for_backward({x, weight, bias, mean, rstd});
    return y;
  }
  static variable_list backward(AutogradContext* context, variable_list incoming) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &bias = saved[2];
    const at::Tensor dy = incoming[0].contiguous(), wide = f32(weight);
    at::Tensor dx = dense_like(x), dweight = empty_f32({x.size(-1)}),
               dbias = bias.defined() ? empty_f32({x.size(-1)}) : at::Tensor();
    by_type(x, [&]<typename T>() {
      kernels::layer_norm_backward(saved[3].numel(), x.size(-1), input<T>(x), input<float>(wide), input<float>(saved[3]),
                                   input<float>(saved[4]), input<T>(dy), output<T>(dx), output<float>(dweight),
                                   output<float>(dbias));
    });
    if (bias.defined()) dbias = dbias.to(bias.scalar_type());
    return {dx, dweight.to(weight.scalar_type()), dbias, at::Tensor()};
  }
};

}  // namespace

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps) {
  return LayerNorm::apply(x, weight, given(bias), eps);
}

}  // namespace athanor::nn::fused

// RMSNorm on core/kernels/norms, alone and after a residual addition. The backward pass keeps x and one number per row.

#include <torch/csrc/autograd/custom_function.h>

#include "athanor/core/kernels/norms.h"
#include "athanor/learn/nn/fused/fused.h"
#include "athanor/learn/nn/fused/pointers.h"

namespace athanor::nn::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// {dx, dweight}; `skip` is the gradient that reaches x past the norm, or undefined.
std::pair<at::Tensor, at::Tensor> gradients(const variable_list& saved, const at::Tensor& incoming, const at::Tensor& skip) {
  const at::Tensor &x = saved[0], &weight = saved[1], &rstd = saved[2];
  const at::Tensor dy = incoming.contiguous(), past = skip.defined() ? skip.contiguous() : skip, wide = f32(weight);
  at::Tensor dx = dense_like(x), dweight = empty_f32({x.size(-1)});
  by_type(x, [&]<typename T>() {
    kernels::rms_norm_backward(rstd.numel(), x.size(-1), input<T>(x), input<float>(wide), input<float>(rstd), input<T>(dy),
                               input<T>(past), output<T>(dx), output<float>(dweight));
  });
  return {dx, dweight.to(weight.scalar_type())};
}

class RmsNorm : public torch::autograd::Function<RmsNorm> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& weight, double eps) {
    const at::Tensor x = given.contiguous(), wide = f32(weight);
    const int64_t width = x.size(-1), rows = x.numel() / width;
    at::Tensor y = dense_like(x), rstd = empty_f32({rows});
    by_type(x, [&]<typename T>() {
      kernels::rms_norm({.rows = rows, .width = width}, input<T>(x), input<float>(wide), static_cast<float>(eps), output<T>(y),
                        output<float>(rstd));
    });
    context->save_for_backward({x, weight, rstd});
    return y;
  }
  static variable_list backward(AutogradContext* context, variable_list incoming) {
    auto [dx, dweight] = gradients(context->get_saved_variables(), incoming[0], at::Tensor());
    return {dx, dweight, at::Tensor()};
  }
};

class AddRmsNorm : public torch::autograd::Function<AddRmsNorm> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& x_given, const at::Tensor& delta_given,
                               const at::Tensor& weight, double eps) {
    const at::Tensor x = x_given.contiguous(), delta = delta_given.contiguous(), wide = f32(weight);
    const int64_t width = x.size(-1), rows = x.numel() / width;
    at::Tensor sum = dense_like(x), y = dense_like(x), rstd = empty_f32({rows});
    by_type(x, [&]<typename T>() {
      kernels::add_rms_norm(rows, width, input<T>(x), input<T>(delta), input<float>(wide), static_cast<float>(eps), output<T>(sum),
                            output<T>(y), output<float>(rstd));
    });
    context->save_for_backward({sum, weight, rstd});
    context->set_materialize_grads(false);
    return {sum, y};
  }
  static variable_list backward(AutogradContext* context, variable_list incoming) {
    if (!incoming[1].defined()) return {incoming[0], incoming[0], at::Tensor(), at::Tensor()};
    auto [dx, dweight] = gradients(context->get_saved_variables(), incoming[1], incoming[0]);
    return {dx, dx, dweight, at::Tensor()};
  }
};

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) { return RmsNorm::apply(x, weight, eps); }

AddedNorm add_rms_norm(const at::Tensor& x, const at::Tensor& delta, const at::Tensor& weight, double eps) {
  auto out = AddRmsNorm::apply(x, delta, weight, eps);
  return {out[0], out[1]};
}

}  // namespace athanor::nn::fused

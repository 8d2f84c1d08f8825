// Activations and gates on core/kernels/activation. The backward pass keeps the inputs only.

#include <torch/csrc/autograd/custom_function.h>

#include "athanor/core/kernels/activation.h"
#include "athanor/learn/nn/fused/fused.h"
#include "athanor/learn/nn/fused/pointers.h"

namespace athanor::nn::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

kernels::ActivationKind as_kind(int64_t kept) { return static_cast<kernels::ActivationKind>(kept); }

class Activation : public torch::autograd::Function<Activation> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& given, int64_t kind) {
    const at::Tensor x = given.contiguous();
    at::Tensor y = dense_like(x);
    by_type(x, [&]<typename T>() { kernels::activation(as_kind(kind), x.numel(), input<T>(x), output<T>(y)); });
    context->save_for_backward({x});
    context->saved_data["kind"] = kind;
    return y;
  }
  static variable_list backward(AutogradContext* context, variable_list incoming) {
    const at::Tensor x = context->get_saved_variables()[0], dy = incoming[0].contiguous();
    const auto kind = as_kind(context->saved_data["kind"].toInt());
    at::Tensor dx = dense_like(x);
    by_type(x, [&]<typename T>() { kernels::activation_backward(kind, x.numel(), input<T>(x), input<T>(dy), output<T>(dx)); });
    return {dx, at::Tensor()};
  }
};

class GatedActivation : public torch::autograd::Function<GatedActivation> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gate_given, const at::Tensor& up_given, int64_t kind) {
    const at::Tensor gate = gate_given.contiguous(), up = up_given.contiguous();
    at::Tensor y = dense_like(gate);
    by_type(gate, [&]<typename T>() {
      kernels::gated_activation(as_kind(kind), {.rows = 1, .width = gate.numel()}, input<T>(gate), input<T>(up), output<T>(y));
    });
    context->save_for_backward({gate, up});
    context->saved_data["kind"] = kind;
    return y;
  }
  static variable_list backward(AutogradContext* context, variable_list incoming) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &gate = saved[0], &up = saved[1], dy = incoming[0].contiguous();
    const auto kind = as_kind(context->saved_data["kind"].toInt());
    at::Tensor dgate = dense_like(gate), dup = dense_like(up);
    by_type(gate, [&]<typename T>() {
      kernels::gated_activation_backward(kind, {.rows = 1, .width = gate.numel()}, input<T>(gate), input<T>(up), input<T>(dy),
                                         output<T>(dgate), output<T>(dup));
    });
    return {dgate, dup, at::Tensor()};
  }
};

}  // namespace

at::Tensor activation(const at::Tensor& x, models::Activation kind) { return Activation::apply(x, static_cast<int64_t>(kind)); }

at::Tensor gated_activation(const at::Tensor& gate, const at::Tensor& up, models::Activation kind) {
  return GatedActivation::apply(gate, up, static_cast<int64_t>(kind));
}

}  // namespace athanor::nn::fused

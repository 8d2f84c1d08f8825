// Rotary positions on core/kernels/rope: reads straight out of a projection's output; the backward pass turns back and keeps
// nothing.

#include <torch/csrc/autograd/custom_function.h>

#include "athanor/core/kernels/rope.h"
#include "athanor/learn/nn/fused/fused.h"
#include "athanor/learn/nn/fused/pointers.h"

namespace athanor::nn::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// x with rows of heads at a fixed distance from token to token: as it is where possible.
at::Tensor with_token_rows(const at::Tensor& x) {
  const bool fits = x.stride(3) == 1 && (x.size(0) == 1 || x.stride(0) == x.size(1) * x.stride(1));
  return fits ? x : x.contiguous();
}

at::Tensor turn(const at::Tensor& given, const variable_list& table, bool interleaved, bool inverse) {
  const at::Tensor x = with_token_rows(given), &positions = table[0], &cos = table[1], &sin = table[2];
  at::Tensor y = dense_like(x);
  const kernels::RotaryShape shape = {.tokens = x.size(0) * x.size(1),
                                      .heads = x.size(2),
                                      .head_dim = x.size(3),
                                      .dims = 2 * cos.size(1),
                                      .x_token_stride = x.stride(1),
                                      .x_head_stride = x.stride(2),
                                      .interleaved = interleaved,
                                      .inverse = inverse};
  by_type(x, [&]<typename T>() {
    kernels::rotate(shape, input<T>(x), input<int32_t>(positions), input<float>(cos), input<float>(sin), output<T>(y));
  });
  return y;
}

class Rotate : public torch::autograd::Function<Rotate> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& positions, const at::Tensor& cos,
                            const at::Tensor& sin, bool interleaved) {
    const variable_list table = {positions.contiguous(), cos.contiguous(), sin.contiguous()};
    context->save_for_backward(table);
    context->saved_data["interleaved"] = interleaved;
    return turn(x, table, interleaved, false);
  }
  static variable_list backward(AutogradContext* context, variable_list incoming) {
    at::Tensor dx = turn(incoming[0], context->get_saved_variables(), context->saved_data["interleaved"].toBool(), true);
    return {dx, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor rotate(const at::Tensor& x, const at::Tensor& positions, const RotaryTable& table) {
  return Rotate::apply(x, positions, table.cos, table.sin, table.interleaved);
}

}  // namespace athanor::nn::fused

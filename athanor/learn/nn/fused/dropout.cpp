// Dropout on core/kernels/dropout: the backward pass replays the mask from its key and keeps nothing.

#include <torch/csrc/autograd/custom_function.h>

#include "athanor/core/kernels/dropout.h"
#include "athanor/learn/nn/fused/fused.h"
#include "athanor/learn/nn/fused/pointers.h"

namespace athanor::nn::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor masked(const at::Tensor& given, double p, const kernels::DropoutStream& stream) {
  const at::Tensor x = given.contiguous();
  at::Tensor y = dense_like(x);
  by_type(x, [&]<typename T>() { kernels::dropout<T>(x.numel(), input<T>(x), p, stream, nullptr, output<T>(y)); });
  return y;
}

class Dropout : public torch::autograd::Function<Dropout> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, double p, int64_t seed, int64_t step, int64_t first) {
    context->saved_data["p"] = p;
    context->saved_data["seed"] = seed;
    context->saved_data["step"] = step;
    context->saved_data["first"] = first;
    return masked(x, p, stream(context));
  }
  static variable_list backward(AutogradContext* context, variable_list incoming) {
    at::Tensor dx = masked(incoming[0], context->saved_data["p"].toDouble(), stream(context));
    return {dx, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }

 private:
  static kernels::DropoutStream stream(AutogradContext* context) {
    const auto word = [&](const char* name) { return static_cast<uint64_t>(context->saved_data[name].toInt()); };
    return {.seed = word("seed"), .step = word("step"), .first_index = word("first")};
  }
};

}  // namespace

at::Tensor dropout(const at::Tensor& x, double p, const DropoutKey& key) {
  return Dropout::apply(x, p, static_cast<int64_t>(key.seed), static_cast<int64_t>(key.step), static_cast<int64_t>(key.site) << 40);
}

}  // namespace athanor::nn::fused

// Cross-entropy of a linear head without its [N, V] logits, of ATen operators (any device).
//
// For a block of rows: z = h W^T, loss = logsumexp(z) - z[target]; dz = softmax(z) - onehot(target), dh = dz W, dW += dz^T h. The
// gradients are taken in the forward pass, while the block's logits are there, and scaled by the incoming gradient in the backward
// pass: one matrix product fewer than making the logits again, and memory for one block of logits. (The idea is Hsu et al. 2024,
// "Liger Kernel".) Checked against at::cross_entropy_loss of whole logits: values and gradients.

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "athanor/learn/nn/functions_reference.h"

namespace athanor::nn::reference {
namespace {

struct Gradients {
  at::Tensor hidden, weight;  // defined where wanted
};

/// Adds the block's gradients. `z` [n, V] becomes its own gradient.
void add_gradients(at::Tensor z, const at::Tensor& lse, const at::Tensor& index, const at::Tensor& counts, const at::Tensor& rows,
                   const at::Tensor& weight, int64_t begin, const Gradients& gradients) {
  z.sub_(lse).exp_();
  z.scatter_add_(1, index, at::ones_like(lse).neg_());
  at::Tensor dz = z.mul_(counts).to(rows.scalar_type());
  if (gradients.hidden.defined()) gradients.hidden.narrow(0, begin, rows.size(0)).copy_(at::matmul(dz, weight));
  if (gradients.weight.defined()) gradients.weight.add_(at::matmul(dz.t(), rows));
}

at::Tensor sum_of_losses(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets,
                         const Gradients& gradients) {
  const at::ScalarType type = hidden.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const int64_t rows = hidden.size(0), block = std::max<int64_t>(1, kBlockLogits / weight.size(0));
  at::Tensor sum = at::zeros({}, hidden.options().dtype(type));
  for (int64_t begin = 0; begin < rows; begin += block) {
    const int64_t n = std::min(block, rows - begin);
    at::Tensor h = hidden.narrow(0, begin, n), target = targets.narrow(0, begin, n).to(at::kLong).unsqueeze(1);
    at::Tensor counts = target.ne(-100).to(type), index = target.clamp_min(0);  // [n, 1]
    at::Tensor z = at::matmul(h, weight.t()).to(type);
    at::Tensor lse = at::logsumexp(z, 1, true);
    sum.add_((lse - z.gather(1, index)).mul_(counts).sum());
    add_gradients(z, lse, index, counts, h, weight, begin, gradients);
  }
  return sum;
}

class LinearCrossEntropy : public torch::autograd::Function<LinearCrossEntropy> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& hidden, const at::Tensor& weight,
                            const at::Tensor& targets) {
    const at::ScalarType wide = hidden.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    Gradients gradients;
    if (hidden.requires_grad()) gradients.hidden = at::zeros_like(hidden);
    if (weight.requires_grad()) gradients.weight = at::zeros_like(weight, weight.options().dtype(wide));
    at::Tensor sum = sum_of_losses(hidden, weight, targets, gradients);
    if (gradients.weight.defined()) gradients.weight = gradients.weight.to(weight.scalar_type());
    context->save_for_backward({gradients.hidden, gradients.weight});
    return sum;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list incoming) {
    auto saved = context->get_saved_variables();
    auto scaled = [&](const at::Tensor& gradient) {
      return gradient.defined() ? gradient.mul(incoming[0].to(gradient.scalar_type())) : gradient;
    };
    return {scaled(saved[0]), scaled(saved[1]), at::Tensor()};
  }
};

}  // namespace

at::Tensor linear_cross_entropy(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets) {
  if (at::GradMode::is_enabled()) return LinearCrossEntropy::apply(hidden, weight, targets);
  return sum_of_losses(hidden, weight, targets, {});
}

}  // namespace athanor::nn::reference

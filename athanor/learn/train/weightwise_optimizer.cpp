#include "athanor/learn/train/weightwise_optimizer.h"

#include <ATen/core/grad_mode.h>

namespace athanor::train {

void WeightwiseOptimizer::update(std::span<const at::Tensor> gradients, const UpdateArgs& args) {
  at::NoGradGuard no_grad;
  for (size_t i = 0; i < weights_.size(); ++i) {
    if (!gradients[i].defined()) continue;
    at::Tensor gradient = gradients[i].to(at::kFloat).contiguous();
    if (args.scale != 1) gradient = gradient.mul(args.scale);
    UpdateArgs own = args;
    own.lr *= weights_[i].lr_factor;
    update_weight(i, gradient, own);
    if (weights_[i].parameter.scalar_type() != at::kFloat) weights_[i].parameter.detach().copy_(weights_[i].master);
  }
}

std::vector<NamedTensor> WeightwiseOptimizer::named(const std::string& prefix, const std::vector<at::Tensor>& tensors) const {
  std::vector<NamedTensor> state;
  for (size_t i = 0; i < tensors.size(); ++i) state.emplace_back(prefix + "." + weights_[i].name, tensors[i]);
  return state;
}

void WeightwiseOptimizer::shrink(size_t i, double lr) {
  at::Tensor master = weights_[i].master;
  if (decay(i) != 0) master.mul_(1 - lr * decay(i));
}

}  // namespace athanor::train

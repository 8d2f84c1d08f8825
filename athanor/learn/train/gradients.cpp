#include "athanor/learn/train/gradients.h"

#include <ATen/core/grad_mode.h>

#include <cmath>

#include "athanor/learn/train/reductions.h"

namespace athanor::train {

Gradients::Gradients(const std::vector<Weight>& weights, bool accumulate)
    : weights_(weights), accumulate_(accumulate), sums_(weights.size()) {}

void Gradients::collect() {
  at::NoGradGuard no_grad;
  for (size_t i = 0; i < weights_.size(); ++i) {
    at::Tensor parameter = weights_[i].parameter;  // a handle: shares the gradient
    at::Tensor gradient = parameter.grad();
    parameter.mutable_grad().reset();
    if (!gradient.defined()) {
      if (first_ && accumulate_ && sums_[i].defined()) sums_[i].zero_();
    } else if (!accumulate_) {
      sums_[i] = gradient.contiguous();
    } else if (!sums_[i].defined()) {
      sums_[i] = gradient.to(at::kFloat).contiguous();
    } else if (first_) {
      sums_[i].copy_(gradient);
    } else {
      sums_[i].add_(gradient);
    }
  }
  first_ = false;
}

double Gradients::norm() const { return std::sqrt(sum_of_squares(sums_)); }

void Gradients::clear() {
  first_ = true;
  if (!accumulate_) sums_.assign(sums_.size(), {});
}

void Gradients::drop() {
  sums_.assign(sums_.size(), {});
  for (const Weight& weight : weights_) at::Tensor(weight.parameter).mutable_grad().reset();
}

}  // namespace athanor::train

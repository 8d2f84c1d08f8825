// Stochastic gradient descent with Polyak's momentum (Sutskever et al. 2013) and decoupled weight decay:
//   b = u b + g          w = w - lr decay w - lr b
// Checked against torch.optim.SGD(momentum=u), whose own decay is part of the gradient and was left at zero.

#include <ATen/ops/zeros_like.h>

#include "athanor/learn/train/weightwise_optimizer.h"

namespace athanor::train {
namespace {

class Sgd final : public WeightwiseOptimizer {
 public:
  Sgd(const std::vector<Weight>& weights, const TrainOptions& options) : WeightwiseOptimizer(weights, options) {
    if (options.momentum > 0)
      for (const Weight& weight : weights) momentum_.push_back(at::zeros_like(weight.master));
  }

  std::vector<NamedTensor> state() const override { return named("momentum", momentum_); }

 private:
  void update_weight(size_t i, const at::Tensor& gradient, const UpdateArgs& args) override {
    shrink(i, args.lr);
    at::Tensor master = weights_[i].master;
    if (momentum_.empty())
      master.add_(gradient, -args.lr);
    else
      master.add_(momentum_[i].mul_(options_.momentum).add_(gradient), -args.lr);
  }

  std::vector<at::Tensor> momentum_;
};

}  // namespace

std::unique_ptr<Optimizer> make_sgd(const std::vector<Weight>& weights, const TrainOptions& options) {
  return std::make_unique<Sgd>(weights, options);
}

}  // namespace athanor::train

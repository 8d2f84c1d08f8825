// Lion (Chen et al. 2023, "Symbolic discovery of optimization algorithms", arXiv:2302.06675, Algorithm 2): the sign of an
// interpolated momentum; half of AdamW's state. Rates are three to ten times smaller than AdamW's, decay as much larger.
//   u = sign(b1 m + (1 - b1) g)        w = w - lr decay w - lr u        m = b2 m + (1 - b2) g
// Checked against that algorithm in plain torch.

#include <ATen/ops/lerp.h>
#include <ATen/ops/zeros_like.h>

#include "athanor/learn/train/weightwise_optimizer.h"

namespace athanor::train {
namespace {

class Lion final : public WeightwiseOptimizer {
 public:
  Lion(const std::vector<Weight>& weights, const TrainOptions& options) : WeightwiseOptimizer(weights, options) {
    for (const Weight& weight : weights) mean_.push_back(at::zeros_like(weight.master));
  }

  std::vector<NamedTensor> state() const override { return named("exp_avg", mean_); }

 private:
  void update_weight(size_t i, const at::Tensor& gradient, const UpdateArgs& args) override {
    shrink(i, args.lr);
    at::Tensor master = weights_[i].master;
    master.add_(at::lerp(mean_[i], gradient, 1 - options_.beta1).sign_(), -args.lr);
    mean_[i].lerp_(gradient, 1 - options_.beta2);
  }

  std::vector<at::Tensor> mean_;
};

}  // namespace

std::unique_ptr<Optimizer> make_lion(const std::vector<Weight>& weights, const TrainOptions& options) {
  return std::make_unique<Lion>(weights, options);
}

}  // namespace athanor::train

#pragma once
// What optimizers share that treat every weight on its own and compute on its f32 master.

#include "athanor/learn/train/optimizer.h"

namespace athanor::train {

class WeightwiseOptimizer : public Optimizer {
 public:
  WeightwiseOptimizer(const std::vector<Weight>& weights, const TrainOptions& options) : weights_(weights), options_(options) {}
  void update(std::span<const at::Tensor> gradients, const UpdateArgs& args) final;

 protected:
  /// Changes the i-th master; `gradient` is f32, contiguous and scaled, and may be overwritten; args.lr is this weight's.
  virtual void update_weight(size_t i, const at::Tensor& gradient, const UpdateArgs& args) = 0;
  /// The i-th weight's decay, 0 where it has none.
  double decay(size_t i) const { return decays(weights_[i], options_) ? options_.weight_decay : 0; }
  /// Tensors of the weights under "prefix.<weight>", as state() gives them.
  std::vector<NamedTensor> named(const std::string& prefix, const std::vector<at::Tensor>& tensors) const;
  /// w = w - lr decay w.
  void shrink(size_t i, double lr);

  std::vector<Weight> weights_;
  TrainOptions options_;
};

}  // namespace athanor::train

// AdamW (Loshchilov and Hutter 2019, "Decoupled weight decay regularization"; Kingma and Ba 2015). For a gradient g at update t:
//   m = b1 m + (1 - b1) g          v = b2 v + (1 - b2) g^2
//   w = w - lr decay w - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
// Moments and masters are f32; a bf16 parameter is its master rounded. On the CPU our kernel makes one pass over all
// of it; on a GPU libtorch's does. Checked against torch.optim.AdamW.

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>

#include "athanor/core/kernels/adamw.h"
#include "athanor/learn/train/optimizer.h"

namespace athanor::train {
namespace {

class AdamW : public Optimizer {
 public:
  AdamW(const std::vector<Weight>& weights, const TrainOptions& options) : weights_(weights), options_(options) {
    for (const Weight& weight : weights) {
      mean_.push_back(at::zeros_like(weight.master));
      square_.push_back(at::zeros_like(weight.master));
    }
  }

  void update(std::span<const at::Tensor> gradients, const UpdateArgs& args) override {
    at::NoGradGuard no_grad;
    std::vector<kernels::AdamWSegment> segments;
    for (size_t i = 0; i < weights_.size(); ++i) {
      if (!gradients[i].defined()) continue;
      if (weights_[i].master.is_cpu())
        segments.push_back(segment(i, gradients[i]));
      else
        update_by_torch(i, gradients[i], args);
    }
    kernels::AdamWStep step;
    step.lr = static_cast<float>(args.lr), step.eps = static_cast<float>(options_.eps);
    step.beta1 = static_cast<float>(options_.beta1), step.beta2 = static_cast<float>(options_.beta2);
    step.step = args.updates, step.gradient_scale = static_cast<float>(args.scale);
    if (!segments.empty()) kernels::adamw(segments, step);
  }

  std::vector<NamedTensor> state() const override {
    std::vector<NamedTensor> state;
    for (size_t i = 0; i < weights_.size(); ++i) {
      state.emplace_back("exp_avg." + weights_[i].name, mean_[i]);
      state.emplace_back("exp_avg_sq." + weights_[i].name, square_[i]);
    }
    return state;
  }

 private:
  double decay(size_t i) const { return decays(weights_[i], options_) ? options_.weight_decay : 0; }

  kernels::AdamWSegment segment(size_t i, const at::Tensor& gradient) {
    const Weight& weight = weights_[i];
    kernels::AdamWSegment segment;
    segment.count = weight.master.numel();
    segment.master = weight.master.data_ptr<float>();
    segment.m = mean_[i].data_ptr<float>();
    segment.v = square_[i].data_ptr<float>();
    if (gradient.scalar_type() == at::kFloat)
      segment.gradient_f32 = gradient.const_data_ptr<float>();
    else
      segment.gradient_bf16 = static_cast<const uint16_t*>(gradient.const_data_ptr());
    if (weight.parameter.scalar_type() == at::kBFloat16) segment.working_bf16 = static_cast<uint16_t*>(weight.parameter.data_ptr());
    segment.weight_decay = static_cast<float>(decay(i));
    segment.lr_factor = static_cast<float>(weight.lr_factor);
    return segment;
  }

  void update_by_torch(size_t i, const at::Tensor& gradient, const UpdateArgs& args) {
    const Weight& weight = weights_[i];
    at::Tensor count = at::full({}, static_cast<double>(args.updates), weight.master.options());
    at::Tensor divisor = at::full({}, 1 / args.scale, weight.master.options());
    at::Tensor master = weight.master;
    at::_fused_adamw_({master}, {gradient.to(at::kFloat)}, {mean_[i]}, {square_[i]}, {}, {count}, args.lr * weight.lr_factor,
                      options_.beta1, options_.beta2, decay(i), options_.eps, false, false, divisor);
    if (weight.parameter.scalar_type() != at::kFloat) weight.parameter.detach().copy_(weight.master);
  }

  std::vector<Weight> weights_;
  TrainOptions options_;
  std::vector<at::Tensor> mean_, square_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adamw(const std::vector<Weight>& weights, const TrainOptions& options) {
  return std::make_unique<AdamW>(weights, options);
}

}  // namespace athanor::train

// AdamW with moments of eight bits (Dettmers et al. 2022, arXiv:2110.02861): 2 bytes of state for a weight instead of 8, in blocks
// of 256 with a scale each; see core/kernels/adamw8.h. Weights below 4,096 numbers, for which it saves nothing, keep f32 moments.
// Checked against AdamW over bitsandbytes' own table of values.

#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "athanor/core/base/error.h"
#include "athanor/core/kernels/adamw8.h"
#include "athanor/learn/train/weightwise_optimizer.h"

namespace athanor::train {
namespace {

constexpr int64_t kLeastCount = 4096;

struct Moment {
  at::Tensor codes, scale;  // u8 [n] and f32 [ceil(n / 256)]; or f32 [n] and undefined
};

Moment zero_moment(const at::Tensor& weight, bool with_sign) {
  if (weight.numel() < kLeastCount) return {at::zeros_like(weight), {}};
  const int64_t blocks = (weight.numel() + kernels::kMomentBlock - 1) / kernels::kMomentBlock;
  // code 0 of the map without sign is 0; with sign, a scale of 0 makes every code so
  Moment moment{at::zeros(weight.sizes(), weight.options().dtype(at::kByte)), at::zeros({blocks}, weight.options())};
  if (with_sign) moment.codes.fill_(127);
  return moment;
}

class AdamW8Bit final : public WeightwiseOptimizer {
 public:
  AdamW8Bit(const std::vector<Weight>& weights, const TrainOptions& options) : WeightwiseOptimizer(weights, options) {
    for (const Weight& weight : weights) {
      if (!weight.master.is_cpu())
        base::input_error("train.optimizer", {"8-bit moments are kept on the CPU only", "device cuda", "optimizer: adamw"});
      mean_.push_back(zero_moment(weight.master, true));
      square_.push_back(zero_moment(weight.master, false));
    }
  }

  std::vector<NamedTensor> state() const override {
    std::vector<NamedTensor> state;
    for (size_t i = 0; i < weights_.size(); ++i)
      for (const auto& [name, moment] : {std::pair("exp_avg.", &mean_[i]), std::pair("exp_avg_sq.", &square_[i])}) {
        state.emplace_back(name + weights_[i].name, moment->codes);
        if (moment->scale.defined()) state.emplace_back(name + weights_[i].name + ".scale", moment->scale);
      }
    return state;
  }

 private:
  void update_weight(size_t i, const at::Tensor& gradient, const UpdateArgs& args) override {
    kernels::AdamWStep step{static_cast<float>(args.lr),
                            static_cast<float>(options_.beta1),
                            static_cast<float>(options_.beta2),
                            static_cast<float>(options_.eps),
                            args.updates,
                            1};
    const at::Tensor& master = weights_[i].master;
    if (mean_[i].scale.defined()) {
      kernels::adamw8({master.numel(), master.data_ptr<float>(), mean_[i].codes.data_ptr<uint8_t>(),
                       square_[i].codes.data_ptr<uint8_t>(), mean_[i].scale.data_ptr<float>(), square_[i].scale.data_ptr<float>(),
                       gradient.const_data_ptr<float>(), static_cast<float>(decay(i))},
                      step);
      return;
    }
    kernels::AdamWSegment segment;
    segment.count = master.numel(), segment.master = master.data_ptr<float>();
    segment.m = mean_[i].codes.data_ptr<float>(), segment.v = square_[i].codes.data_ptr<float>();
    segment.gradient_f32 = gradient.const_data_ptr<float>(), segment.weight_decay = static_cast<float>(decay(i));
    kernels::adamw({&segment, 1}, step);
  }

  std::vector<Moment> mean_, square_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adamw8bit(const std::vector<Weight>& weights, const TrainOptions& options) {
  return std::make_unique<AdamW8Bit>(weights, options);
}

}  // namespace athanor::train

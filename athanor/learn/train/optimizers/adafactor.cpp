// Adafactor (Shazeer and Stern 2018, arXiv:1804.04235): of a matrix's second moments only the means of rows and columns are kept,
// so that its state is R + C numbers instead of R C. No first moment. At update t, for a gradient G [R, C]:
//   d = t^-0.8     r = (1 - d) r + d mean_columns(G^2)     c = (1 - d) c + d mean_rows(G^2)     V = r c / mean(r)
//   U = G / sqrt(V)       U = U / max(1, rms(U))           w = w - lr decay w - min(lr, 1 / sqrt(t)) max(0.001, rms(w)) U
// A vector keeps all of V. The rate is relative to the weights' own size: 0.01 is usual. Checked against torch.optim.Adafactor.

#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "athanor/learn/train/weightwise_optimizer.h"

namespace athanor::train {
namespace {

constexpr double kDecayPower = -0.8, kLeastSize = 1e-3, kMostUpdate = 1;
constexpr double kLeastMean = std::numeric_limits<float>::epsilon();

double root_mean_square(const at::Tensor& x) { return x.norm().item<double>() / std::sqrt(static_cast<double>(x.numel())); }

class Adafactor final : public WeightwiseOptimizer {
 public:
  Adafactor(const std::vector<Weight>& weights, const TrainOptions& options) : WeightwiseOptimizer(weights, options) {
    for (const Weight& weight : weights) {
      const at::Tensor& w = weight.master;
      const bool factored = w.dim() == 2;
      rows_.push_back(factored ? at::zeros({w.size(0), 1}, w.options()) : at::zeros_like(w));
      columns_.push_back(factored ? at::zeros({1, w.size(1)}, w.options()) : at::Tensor());
    }
  }

  std::vector<NamedTensor> state() const override {
    std::vector<NamedTensor> state;
    for (size_t i = 0; i < weights_.size(); ++i) {
      const bool factored = columns_[i].defined();
      state.emplace_back((factored ? "row_var." : "variance.") + weights_[i].name, rows_[i]);
      if (factored) state.emplace_back("col_var." + weights_[i].name, columns_[i]);
    }
    return state;
  }

 private:
  void update_weight(size_t i, const at::Tensor& gradient, const UpdateArgs& args) override {
    const auto t = static_cast<double>(args.updates);
    const double fresh = std::pow(t, kDecayPower);
    at::Tensor master = weights_[i].master;
    const double rate = std::min(args.lr, 1 / std::sqrt(t)) * std::max(kLeastSize, root_mean_square(master));
    shrink(i, args.lr);
    const at::Tensor square = gradient.square();
    at::Tensor variance;
    if (columns_[i].defined()) {
      rows_[i].lerp_(square.mean(1, true), fresh);
      columns_[i].lerp_(square.mean(0, true), fresh);
      variance = rows_[i].mul(columns_[i]).div_(rows_[i].mean(0, true).clamp_min_(kLeastMean));
    } else {
      rows_[i].lerp_(square, fresh);
      variance = rows_[i].clone();
    }
    const at::Tensor change = variance.clamp_min_(kLeastMean * kLeastMean).rsqrt_().mul_(gradient);
    master.add_(change, -rate / std::max(1.0, root_mean_square(change) / kMostUpdate));
  }

  std::vector<at::Tensor> rows_, columns_;  // a vector's moments are all in rows_
};

}  // namespace

std::unique_ptr<Optimizer> make_adafactor(const std::vector<Weight>& weights, const TrainOptions& options) {
  return std::make_unique<Adafactor>(weights, options);
}

}  // namespace athanor::train

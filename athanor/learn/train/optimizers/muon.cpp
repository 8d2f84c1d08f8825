// Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"): the momentum of a hidden matrix is replaced
// by the nearest orthogonal matrix before it is applied. Embeddings, the head and vectors follow AdamW.
//   b = u b + (1 - u) g        d = (1 - u) g + u b  (Nesterov)
//   X = d / |d|;  five times:  A = X X^T,  X = 3.4445 X + (-4.7750 A + 2.0315 A^2) X   (Newton-Schulz, in bf16 where that is fast)
//   w = w - lr decay w - lr 0.2 sqrt(max(rows, columns)) X
// The factor 0.2 sqrt(max) gives updates the size of AdamW's, so that both share one learning rate (Liu et al. 2025, "Muon is
// scalable for LLM training"). Checked against torch.optim.Muon with adjust_lr_fn="match_rms_adamw".

#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/norm.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "athanor/learn/nn/device.h"
#include "athanor/learn/train/optimizer.h"

namespace athanor::train {

std::unique_ptr<Optimizer> make_adamw(const std::vector<Weight>& weights, const TrainOptions& options);

namespace {

constexpr int kIterations = 5;
constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315, kSmallestNorm = 1e-7;

/// U V^T of the singular value decomposition U S V^T, nearly: singular values end between 0.7 and 1.2. [R, C] -> [R, C] bf16 or
/// f32.
at::Tensor orthogonalized(const at::Tensor& matrix) {
  const bool tall = matrix.size(0) > matrix.size(1);
  at::Tensor x = matrix.to(nn::fast_bf16(matrix.device()) ? at::kBFloat16 : at::kFloat);
  if (tall) x = x.t();
  x = x.div(x.norm().clamp_min(kSmallestNorm));
  for (int i = 0; i < kIterations; ++i) {
    at::Tensor gram = at::matmul(x, x.t());
    at::Tensor change = at::addmm(gram, gram, gram, kB, kC);
    x = at::addmm(x, change, x, kA, 1);
  }
  return tall ? x.t() : x;
}

class Muon : public Optimizer {
 public:
  Muon(const std::vector<Weight>& weights, const TrainOptions& options) : options_(options) {
    std::vector<Weight> rest;
    for (size_t i = 0; i < weights.size(); ++i) {
      if (weights[i].kind == WeightKind::kMatrix) {
        matrices_.push_back(weights[i]);
        matrix_index_.push_back(i);
        momentum_.push_back(at::zeros_like(weights[i].master));
      } else {
        rest.push_back(weights[i]);
        rest_index_.push_back(i);
      }
    }
    rest_ = make_adamw(rest, options);
  }

  void update(std::span<const at::Tensor> gradients, const UpdateArgs& args) override {
    at::NoGradGuard no_grad;
    for (size_t i = 0; i < matrices_.size(); ++i)
      if (gradients[matrix_index_[i]].defined()) update_matrix(i, gradients[matrix_index_[i]], args);
    std::vector<at::Tensor> others;
    for (size_t i : rest_index_) others.push_back(gradients[i]);
    rest_->update(others, args);
  }

  std::vector<NamedTensor> state() const override {
    std::vector<NamedTensor> state = rest_->state();
    for (size_t i = 0; i < matrices_.size(); ++i) state.emplace_back("momentum." + matrices_[i].name, momentum_[i]);
    return state;
  }

 private:
  void update_matrix(size_t i, const at::Tensor& gradient, const UpdateArgs& args) {
    const Weight& weight = matrices_[i];
    at::Tensor scaled = gradient.to(at::kFloat);
    if (args.scale != 1) scaled = scaled.mul(args.scale);
    momentum_[i].lerp_(scaled, 1 - options_.momentum);
    at::Tensor direction = orthogonalized(at::lerp(scaled, momentum_[i], options_.momentum));
    const double size = 0.2 * std::sqrt(static_cast<double>(std::max(weight.master.size(0), weight.master.size(1))));
    const double decay = decays(weight, options_) ? options_.weight_decay : 0, lr = args.lr * weight.lr_factor;
    at::Tensor master = weight.master;
    master.mul_(1 - lr * decay);
    master.add_(direction, -lr * size);
    if (weight.parameter.scalar_type() != at::kFloat) weight.parameter.detach().copy_(master);
  }

  TrainOptions options_;
  std::vector<Weight> matrices_;
  std::vector<size_t> matrix_index_, rest_index_;
  std::vector<at::Tensor> momentum_;
  std::unique_ptr<Optimizer> rest_;
};

}  // namespace

std::unique_ptr<Optimizer> make_muon(const std::vector<Weight>& weights, const TrainOptions& options) {
  return std::make_unique<Muon>(weights, options);
}

}  // namespace athanor::train

#include "athanor/learn/train/regularizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>

#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "athanor/learn/train/model_start.h"

namespace athanor::train {
namespace {

class PullToStart final : public Regularizer {
 public:
  PullToStart(const std::vector<Weight>& weights, std::vector<at::Tensor> start, std::vector<at::Tensor> importance,
              double strength)
      : weights_(weights), start_(std::move(start)), importance_(std::move(importance)), strength_(strength) {}

  void add_to(std::span<const at::Tensor> gradients) override {
    at::NoGradGuard no_grad;
    for (size_t i = 0; i < weights_.size(); ++i) {
      if (!gradients[i].defined()) continue;
      at::Tensor pull = weights_[i].master.sub(start_[i]).mul_(strength_);
      if (!importance_.empty()) pull.mul_(importance_[i]);
      at::Tensor gradient = gradients[i];  // a handle
      gradient.add_(pull);
    }
  }

 private:
  const std::vector<Weight>& weights_;
  std::vector<at::Tensor> start_, importance_;
  double strength_;
};

}  // namespace

std::unique_ptr<Regularizer> pull_to_start(const RegularizerContext& context, std::vector<at::Tensor> importance) {
  const std::filesystem::path folder = start_folder(context.recipe);
  if (folder.empty() || context.recipe.adapter.on())
    base::input_error("train.regularizer",
                      {"only weights that begin as a model's own can be held near it",
                       folder.empty() ? "a new model" : "an adapter", "model: FOLDER, and no adapter", "leave regularizer out"});
  std::vector<Weight> start = context.weights;
  for (Weight& weight : start) weight.parameter = weight.master = at::empty_like(weight.master);
  load_masters(start, checkpoint::Checkpoint::open(folder), context.decoder.model().family->prefix);
  std::vector<at::Tensor> values;
  for (const Weight& weight : start) values.push_back(weight.master);
  return std::make_unique<PullToStart>(context.weights, std::move(values), std::move(importance),
                                       context.recipe.regularizer.strength);
}

}  // namespace athanor::train

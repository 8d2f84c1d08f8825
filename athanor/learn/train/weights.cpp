#include "athanor/learn/train/weights.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>

#include "athanor/core/base/error.h"
#include "athanor/learn/nn/arrays.h"
#include "athanor/learn/nn/layers.h"

namespace athanor::train {

std::vector<Weight> collect_weights(nn::Module& module, std::string_view head_name) {
  at::NoGradGuard no_grad;
  std::vector<Weight> weights;
  module.walk([&](const std::string& path, nn::Module& part) {
    const bool embedding = dynamic_cast<nn::Embedding*>(&part) != nullptr;
    for (const auto& [name, tensor] : part.own_parameters()) {
      if (!tensor.requires_grad()) continue;
      Weight weight{path.empty() ? name : path + "." + name, tensor, {}, WeightKind::kMatrix};
      weight.master = tensor.scalar_type() == at::kFloat ? tensor.detach() : tensor.detach().to(at::kFloat);
      if (tensor.dim() < 2)
        weight.kind = WeightKind::kVector;
      else if (embedding)
        weight.kind = WeightKind::kEmbedding;
      else if (weight.name == head_name)
        weight.kind = WeightKind::kHead;
      weights.push_back(std::move(weight));
    }
  });
  return weights;
}

void load_masters(std::vector<Weight>& weights, const checkpoint::Checkpoint& arrays, std::string_view prefix) {
  at::NoGradGuard no_grad;
  for (Weight& weight : weights) {
    const checkpoint::ArrayView* array = arrays.find(weight.name);
    if (!array && weight.name.starts_with(prefix)) array = arrays.find(std::string_view(weight.name).substr(prefix.size()));
    if (array && weight.master.sizes() == at::IntArrayRef(array->shape)) weight.master.copy_(nn::tensor_over(*array));
  }
  round_to_parameters(weights);
}

void round_to_parameters(std::vector<Weight>& weights) {
  at::NoGradGuard no_grad;
  for (Weight& weight : weights)
    if (weight.parameter.scalar_type() != at::kFloat) weight.parameter.copy_(weight.master);
}

std::vector<checkpoint::NamedArray> arrays_of(const std::vector<NamedTensor>& tensors, at::ScalarType type,
                                              std::vector<at::Tensor>& storage) {
  std::vector<checkpoint::NamedArray> arrays;
  for (const auto& [name, tensor] : tensors) {
    const bool number = tensor.is_floating_point();  // codes of eight bits stay what they are
    storage.push_back(tensor.detach().to(at::kCPU, number ? type : tensor.scalar_type()).contiguous());
    arrays.push_back({name, nn::array_over(storage.back())});
  }
  return arrays;
}

void restore(const std::vector<NamedTensor>& tensors, const checkpoint::Checkpoint& arrays) {
  at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : tensors) {
    const checkpoint::ArrayView& array = arrays.at(name);
    if (tensor.sizes() != at::IntArrayRef(array.shape))
      base::file_error("train.checkpoint", {name + " has another shape", checkpoint::shape_text(array.shape),
                                            checkpoint::shape_text(tensor.sizes().vec())});
    tensor.copy_(nn::tensor_over(array));
  }
}

WeightAverage::WeightAverage(const std::vector<Weight>& weights, double decay) : decay_(decay) {
  for (const Weight& weight : weights) {
    names_.push_back(weight.name);
    values_.push_back(weight.master.detach().clone());
  }
}

void WeightAverage::update(const std::vector<Weight>& weights, int64_t updates) {
  at::NoGradGuard no_grad;
  const auto t = static_cast<double>(updates);
  const double decay = std::min(decay_, (1 + t) / (10 + t));
  for (size_t i = 0; i < values_.size(); ++i) values_[i].lerp_(weights[i].master, 1 - decay);
}

std::vector<NamedTensor> WeightAverage::state() const {
  std::vector<NamedTensor> state;
  for (size_t i = 0; i < values_.size(); ++i) state.emplace_back("ema." + names_[i], values_[i]);
  return state;
}

BorrowedWeights::BorrowedWeights(std::vector<Weight>& weights, const std::vector<at::Tensor>& values) : weights_(weights) {
  at::NoGradGuard no_grad;
  for (size_t i = 0; i < weights.size(); ++i) {
    const bool own_master = weights[i].parameter.scalar_type() == at::kFloat;
    kept_.push_back(own_master ? weights[i].parameter.detach().clone() : at::Tensor());
    weights[i].parameter.detach().copy_(values[i]);
  }
}

BorrowedWeights::~BorrowedWeights() {
  at::NoGradGuard no_grad;
  for (size_t i = 0; i < weights_.size(); ++i)
    weights_[i].parameter.detach().copy_(kept_[i].defined() ? kept_[i] : weights_[i].master);
}

}  // namespace athanor::train

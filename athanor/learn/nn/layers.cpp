#include "athanor/learn/nn/layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>

#include "athanor/core/base/error.h"

namespace athanor::nn {

Linear::Linear(at::Tensor weight, at::Tensor bias, bool transposed) : transposed_(transposed) {
  base::expect(weight.dim() == 2, "nn.linear", "a weight is a matrix");
  int64_t out = weight.size(transposed ? 1 : 0);
  add_parameter("weight", std::move(weight));
  if (!bias.defined()) return;
  base::expect(bias.dim() == 1 && bias.size(0) == out, "nn.linear", "a bias has one number per output");
  add_parameter("bias", std::move(bias));
}

at::Tensor Linear::forward(const at::Tensor& x) {
  const at::Tensor& weight = parameter("weight");
  at::Tensor bias;
  if (has_parameter("bias")) bias = parameter("bias").to(weight.scalar_type());
  return nn::linear(x, transposed_ ? weight.t() : weight, bias);
}

int64_t Linear::in_features() { return parameter("weight").size(transposed_ ? 0 : 1); }
int64_t Linear::out_features() { return parameter("weight").size(transposed_ ? 1 : 0); }

Embedding::Embedding(at::Tensor weight) {
  base::expect(weight.dim() == 2, "nn.embedding", "a weight is a matrix");
  add_parameter("weight", std::move(weight));
}

at::Tensor Embedding::forward(const at::Tensor& ids) { return nn::embedding(parameter("weight"), ids); }

RmsNorm::RmsNorm(at::Tensor weight, double eps, double offset) : eps_(eps), offset_(offset) {
  add_parameter("weight", std::move(weight));
}

at::Tensor RmsNorm::whole_weight() { return offset_ == 0 ? parameter("weight") : parameter("weight").add(offset_); }

at::Tensor RmsNorm::forward(const at::Tensor& x) { return rms_norm(x, whole_weight(), eps_); }

AddedNorm RmsNorm::forward_sum(const at::Tensor& x, const at::Tensor& delta) {
  return add_rms_norm(x, delta, whole_weight(), eps_);
}

LayerNorm::LayerNorm(at::Tensor weight, at::Tensor bias, double eps) : eps_(eps) {
  add_parameter("weight", std::move(weight));
  if (bias.defined()) add_parameter("bias", std::move(bias));
}

at::Tensor LayerNorm::forward(const at::Tensor& x) {
  return layer_norm(x, parameter("weight"), has_parameter("bias") ? parameter("bias") : at::Tensor(), eps_);
}

HeadNorms::HeadNorms(const std::vector<at::Tensor>& weights, double eps) : eps_(eps) {
  auto norms = std::make_unique<Group>();
  for (size_t i = 0; i < weights.size(); ++i)
    norms->add_child(std::to_string(i), std::make_unique<LayerNorm>(weights[i], at::Tensor(), eps));
  add_child("norms", std::move(norms));
}

at::Tensor HeadNorms::forward(const at::Tensor& x) {
  std::vector<at::Tensor> weights;
  for (const auto& [name, norm] : child("norms")->children()) weights.push_back(norm->parameter("weight"));
  const at::Tensor plain =
      layer_norm(x, at::ones({x.size(-1)}, weights.front().options().requires_grad(false)), at::Tensor(), eps_);
  return (plain * at::stack(weights)).to(x.scalar_type());
}

AddedNorm add_then_norm(Layer& norm, const at::Tensor& x, const at::Tensor& delta) {
  if (auto* rms = dynamic_cast<RmsNorm*>(&norm)) return rms->forward_sum(x, delta);
  at::Tensor sum = x.add(delta);
  return {sum, norm.forward(sum)};
}

Layer& layer_at(Module& module, std::string_view path) {
  auto* layer = dynamic_cast<Layer*>(module.find(path));
  if (!layer) base::bug("nn.module", {"no layer at this path", std::string(path)});
  return *layer;
}

}  // namespace athanor::nn

#pragma once
// Layers with weights: linear, embedding, norms. They take tensors and numbers; who builds them decides on types and initial
// values.

#include <ATen/core/Tensor.h>

#include <string_view>

#include "athanor/learn/nn/functions.h"
#include "athanor/learn/nn/module.h"

namespace athanor::nn {

/// x . weight^T + bias. Parameters "weight" [out, in], or [in, out] where `transposed` (GPT-2's Conv1D), and "bias" [out] where
/// given.
class Linear : public Layer {
 public:
  explicit Linear(at::Tensor weight, at::Tensor bias = {}, bool transposed = false);
  at::Tensor forward(const at::Tensor& x) override;  // [.., in] -> [.., out]

  int64_t in_features();
  int64_t out_features();
  bool transposed() const { return transposed_; }

 private:
  bool transposed_;
};

/// Rows by id. Parameter "weight" [V, C]. forward: ids [..] -> [.., C].
class Embedding : public Layer {
 public:
  explicit Embedding(at::Tensor weight);
  at::Tensor forward(const at::Tensor& ids) override;
};

/// nn::rms_norm with parameter "weight" [C], to which `offset` is added (Gemma stores weights less one).
class RmsNorm : public Layer {
 public:
  RmsNorm(at::Tensor weight, double eps, double offset = 0);
  at::Tensor forward(const at::Tensor& x) override;
  AddedNorm forward_sum(const at::Tensor& x, const at::Tensor& delta);

 private:
  at::Tensor whole_weight();
  double eps_, offset_;
};

/// nn::layer_norm with parameters "weight" [C] and, where given, "bias" [C].
class LayerNorm : public Layer {
 public:
  LayerNorm(at::Tensor weight, at::Tensor bias, double eps);
  at::Tensor forward(const at::Tensor& x) override;

 private:
  double eps_;
};

/// Each head of [.., H, D] under a LayerNorm of its own, without biases. Children "norms.0" .. "norms.H-1", each with its "weight"
/// [D].
class HeadNorms : public Layer {
 public:
  HeadNorms(const std::vector<at::Tensor>& weights, double eps);
  at::Tensor forward(const at::Tensor& x) override;

 private:
  double eps_;
};

/// x + delta and its norm, in one pass where the norm knows how.
AddedNorm add_then_norm(Layer& norm, const at::Tensor& x, const at::Tensor& delta);

/// The layer at a path below `module`; bug() where there is none, or something that is no Layer.
Layer& layer_at(Module& module, std::string_view path);

}  // namespace athanor::nn

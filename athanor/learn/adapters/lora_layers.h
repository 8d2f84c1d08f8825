#pragma once
// Layers that LoRA puts around frozen ones. Children and parameters carry PEFT's names: base_layer, lora_A, lora_B. Private to the
// room.

#include <ATen/core/Tensor.h>

#include <memory>

#include "athanor/learn/nn/functions.h"
#include "athanor/learn/nn/layers.h"

namespace athanor::adapters {

struct LoraSettings {
  double scale = 1;    // alpha / r, or alpha / sqrt(r)
  double dropout = 0;  // on the product's input
  uint32_t site = 0;   // which dropout this is
  std::shared_ptr<const nn::DropoutState> state;
};

/// base(x) + scale * B A drop(x), and for DoRA (`magnitude` [out] defined) the rows of W + scale B A made as long as it says.
class LoraLinear : public nn::Layer {
 public:
  LoraLinear(std::unique_ptr<nn::Module> base, at::Tensor a, at::Tensor b, at::Tensor magnitude, LoraSettings settings);
  at::Tensor forward(const at::Tensor& x) override;  // [.., in] -> [.., out]

 private:
  at::Tensor with_lengths(const at::Tensor& x, const at::Tensor& in, const at::Tensor& delta);
  at::Tensor lengths();  // |W + scale B A| of every row, [out]
  LoraSettings settings_;
};

/// base(ids) + scale * (row of A^T) B^T, with A [r, V] and B [C, r].
class LoraEmbedding : public nn::Layer {
 public:
  LoraEmbedding(std::unique_ptr<nn::Module> base, at::Tensor a, at::Tensor b, double scale);
  at::Tensor forward(const at::Tensor& ids) override;

 private:
  double scale_;
};

/// |W + scale B A| of every row, [out] f32. All f32, W [out, in].
at::Tensor row_lengths(const at::Tensor& weight, const at::Tensor& a, const at::Tensor& b, double scale);

}  // namespace athanor::adapters

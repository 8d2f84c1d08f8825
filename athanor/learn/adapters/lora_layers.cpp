#include "athanor/learn/adapters/lora_layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/cat.h>

#include <vector>

#include "athanor/learn/adapters/matrices.h"
#include "athanor/learn/nn/products.h"

namespace athanor::adapters {

at::Tensor row_lengths(const at::Tensor& weight, const at::Tensor& a, const at::Tensor& b, double scale) {
  return nn::product(b, a).mul_(scale).add_(weight).square_().sum(1).sqrt();
}

LoraLinear::LoraLinear(std::unique_ptr<nn::Module> base, at::Tensor a, at::Tensor b, at::Tensor magnitude, LoraSettings settings)
    : settings_(std::move(settings)) {
  add_child("base_layer", std::move(base));
  add_child("lora_A", std::make_unique<nn::Linear>(std::move(a)));
  add_child("lora_B", std::make_unique<nn::Linear>(std::move(b)));
  if (magnitude.defined()) add_parameter("lora_magnitude_vector", std::move(magnitude));
}

at::Tensor LoraLinear::forward(const at::Tensor& x) {
  const bool drops = settings_.dropout > 0 && settings_.state->on;
  at::Tensor in = x;
  if (drops) {
    nn::DropoutKey key = settings_.state->key;
    key.site = settings_.site;
    in = nn::dropout(x, settings_.dropout, key);
  }
  // The scale is on the r numbers in the middle, and the sum is made in the base's own output: nothing of the output's size comes
  // and goes but the product.
  at::Tensor delta = nn::layer_at(*this, "lora_B").forward(nn::layer_at(*this, "lora_A").forward(in) * settings_.scale);
  if (has_parameter("lora_magnitude_vector")) return with_lengths(x, in, delta);
  return nn::layer_at(*this, "base_layer").forward(x).add_(delta);
}

/// base(x) + (g - 1) W in + g delta, g = magnitude / |W + scale B A| without a gradient of the length (DoRA, section 4.3). Where
/// `in` is x itself, base(x) has W in already, and one product is enough: s + (g - 1) s + bias, s = W x + delta.
at::Tensor LoraLinear::with_lengths(const at::Tensor& x, const at::Tensor& in, const at::Tensor& delta) {
  nn::Module& base = *child("base_layer");
  const at::Tensor factor = parameter("lora_magnitude_vector") / lengths(), more = (factor - 1).to(in.scalar_type());
  if (in.is_same(x)) {
    const at::Tensor sum = weight_product(base, x).add_(delta);
    at::Tensor y = at::addcmul(sum, sum, more);
    return base.has_parameter("bias") ? y.add(base.parameter("bias").to(y.scalar_type())) : y;
  }
  return nn::layer_at(*this, "base_layer").forward(x) + more * weight_product(base, in) + factor.to(in.scalar_type()) * delta;
}

at::Tensor LoraLinear::lengths() {
  at::NoGradGuard no_grad;
  const at::ScalarType wide = parameter("lora_magnitude_vector").scalar_type();
  const at::Tensor a = child("lora_A")->parameter("weight").to(wide), b = child("lora_B")->parameter("weight").to(wide);
  std::vector<at::Tensor> parts;
  for_weight_rows(*child("base_layer"), [&](int64_t first, const at::Tensor& rows) {
    parts.push_back(row_lengths(rows.to(wide), a, b.narrow(0, first, rows.size(0)), settings_.scale));
  });
  return at::cat(parts);
}

LoraEmbedding::LoraEmbedding(std::unique_ptr<nn::Module> base, at::Tensor a, at::Tensor b, double scale) : scale_(scale) {
  add_child("base_layer", std::move(base));
  add_parameter("lora_embedding_A", std::move(a));
  add_parameter("lora_embedding_B", std::move(b));
}

at::Tensor LoraEmbedding::forward(const at::Tensor& ids) {
  const at::Tensor low = nn::embedding(parameter("lora_embedding_A").t(), ids);  // [.., r]
  return nn::layer_at(*this, "base_layer").forward(ids) + nn::linear(low, parameter("lora_embedding_B")) * scale_;
}

}  // namespace athanor::adapters

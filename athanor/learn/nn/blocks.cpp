#include "athanor/learn/nn/blocks.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>

#include "athanor/core/base/error.h"
#include "athanor/learn/nn/layers.h"

namespace athanor::nn {

at::Tensor Pass::drop(const at::Tensor& x) {
  if (dropout == 0) return x;
  ++key.site;
  return nn::dropout(x, dropout, key);
}

Attention::Attention(const AttentionShape& shape, std::vector<NamedLayer> inputs, NamedLayer output)
    : shape_(shape), output_(output.name) {
  base::expect(inputs.size() == 1 || inputs.size() == 3, "nn.attention", "inputs are q, k and v, or the three in one");
  base::expect(shape.kv_heads > 0 && shape.heads % shape.kv_heads == 0, "nn.attention", "heads must be a multiple of kv_heads");
  for (NamedLayer& input : inputs) {
    inputs_.push_back(input.name);
    add_child(std::move(input.name), std::move(input.layer));
  }
  add_child(std::move(output.name), std::move(output.layer));
}

at::Tensor Attention::forward(const at::Tensor& x, Pass& pass) {
  const auto [heads, kv_heads, head_dim, scale] = shape_;
  std::vector<at::Tensor> qkv;  // [B, T, H * D], [B, T, G * D] twice
  for (const std::string& name : inputs_) qkv.push_back(layer_at(*this, name).forward(x));
  if (qkv.size() == 1) qkv = qkv[0].split_with_sizes({heads * head_dim, kv_heads * head_dim, kv_heads * head_dim}, -1);

  at::Tensor q = qkv[0].unflatten(-1, {heads, head_dim});     // [B, T, H, D]
  at::Tensor k = qkv[1].unflatten(-1, {kv_heads, head_dim});  // [B, T, G, D]
  at::Tensor v = qkv[2].unflatten(-1, {kv_heads, head_dim});
  if (pass.rotary.cos.defined()) {
    q = rotate(q, pass.positions, pass.rotary);
    k = rotate(k, pass.positions, pass.rotary);
  }
  at::Tensor mixed = attention(q, k, v, {scale, pass.row_start, pass.attention});
  return layer_at(*this, output_).forward(mixed.flatten(-2));
}

FeedForward::FeedForward(models::Activation activation, NamedLayer gate, NamedLayer up, NamedLayer down)
    : activation_(activation), gate_(gate.layer ? gate.name : ""), up_(up.name), down_(down.name) {
  if (gate.layer) add_child(std::move(gate.name), std::move(gate.layer));
  add_child(std::move(up.name), std::move(up.layer));
  add_child(std::move(down.name), std::move(down.layer));
}

at::Tensor FeedForward::forward(const at::Tensor& x) {
  at::Tensor up = layer_at(*this, up_).forward(x);
  at::Tensor inner =
      gate_.empty() ? activation(up, activation_) : gated_activation(layer_at(*this, gate_).forward(x), up, activation_);
  return layer_at(*this, down_).forward(inner);
}

DecoderLayer::DecoderLayer(Parts parts)
    : attention_norm_(parts.attention_norm.name),
      attention_(parts.attention_name),
      ffn_norm_(parts.ffn_norm.name),
      ffn_(parts.ffn.name) {
  add_child(attention_norm_, std::move(parts.attention_norm.layer));
  add_child(attention_, std::move(parts.attention));
  add_child(ffn_norm_, std::move(parts.ffn_norm.layer));
  add_child(ffn_, std::move(parts.ffn.layer));
}

at::Tensor DecoderLayer::forward(const at::Tensor& x, Pass& pass) {
  auto* attention = dynamic_cast<Block*>(child(attention_));
  if (!attention) base::bug("nn.decoder", {"no attention block in this layer", attention_});
  at::Tensor mixed = pass.drop(attention->forward(layer_at(*this, attention_norm_).forward(x), pass));
  auto [stream, normed] = add_then_norm(layer_at(*this, ffn_norm_), x, mixed);
  return stream + pass.drop(layer_at(*this, ffn_).forward(normed));
}

}  // namespace athanor::nn

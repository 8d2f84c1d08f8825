#include "athanor/learn/nn/blocks.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/where.h>

#include "athanor/core/base/error.h"
#include "athanor/learn/nn/layers.h"
#include "athanor/learn/nn/virtual_tokens.h"

namespace athanor::nn {

at::Tensor Pass::drop(const at::Tensor& x) {
  if (dropout == 0) return x;
  ++key.site;
  return nn::dropout(x, dropout, key);
}

at::Tensor Pass::row_start_within(int64_t window) {
  const int64_t length = positions.size(1);
  if (window == 0 || window >= length) return row_start;
  for (const auto& [known, start] : windows_)
    if (known == window) return start;
  at::Tensor start = at::arange(length, positions.options()).sub(window - 1).clamp_min(0).expand(positions.sizes());
  if (row_start.defined()) start = at::maximum(start, row_start);
  return windows_.emplace_back(window, start.contiguous()).second;
}

const RotaryTable& Pass::table(models::LayerRope rope) const {
  static const RotaryTable kNone;
  if (rope == models::LayerRope::kNone) return kNone;
  return rope == models::LayerRope::kLocal ? local_rotary : rotary;
}

void Pass::place_virtual(at::Tensor& k, at::Tensor& v) const {
  if (!virtual_tokens) return;
  const KeyValue own = virtual_tokens->key_values(layer);
  if (!own.key.defined()) return;
  const at::Tensor index = virtual_index.clamp_min(0).flatten(), is_virtual = virtual_index.ge(0).unsqueeze(-1).unsqueeze(-1);
  const auto placed = [&](const at::Tensor& rows, const at::Tensor& others) {
    return at::where(is_virtual, rows.to(others.scalar_type()).index_select(0, index).view(others.sizes()), others);
  };
  k = placed(own.key, k);
  v = placed(own.value, v);
}

Attention::Attention(AttentionShape shape, std::vector<NamedLayer> inputs, std::vector<NamedLayer> norms, NamedLayer output)
    : shape_(std::move(shape)), output_(output.name) {
  base::expect(inputs.size() == 1 || inputs.size() == 3, "nn.attention", "inputs are q, k and v, or the three in one");
  base::expect(shape_.kv_heads > 0 && shape_.heads % shape_.kv_heads == 0, "nn.attention", "heads must be a multiple of kv_heads");
  for (NamedLayer& input : inputs) {
    inputs_.push_back(input.name);
    add_child(std::move(input.name), std::move(input.layer));
  }
  for (NamedLayer& norm : norms) {
    norms_.push_back(norm.name);
    add_child(std::move(norm.name), std::move(norm.layer));
  }
  add_child(std::move(output.name), std::move(output.layer));
}

/// q [B, T, H, D], k and v [B, T, G, D].
std::vector<at::Tensor> Attention::project(const at::Tensor& x) {
  const int64_t heads = shape_.heads, kv_heads = shape_.kv_heads, dim = shape_.head_dim, queries = heads / kv_heads;
  std::vector<at::Tensor> qkv;
  for (const std::string& name : inputs_) qkv.push_back(layer_at(*this, name).forward(x));
  if (qkv.size() == 1 && shape_.by_group) {
    at::Tensor groups = qkv[0].unflatten(-1, {kv_heads, queries + 2, dim});
    return {groups.narrow(3, 0, queries).flatten(2, 3), groups.select(3, queries), groups.select(3, queries + 1)};
  }
  if (qkv.size() == 1) qkv = qkv[0].split_with_sizes({heads * dim, kv_heads * dim, kv_heads * dim}, -1);
  return {qkv[0].unflatten(-1, {heads, dim}), qkv[1].unflatten(-1, {kv_heads, dim}), qkv[2].unflatten(-1, {kv_heads, dim})};
}

at::Tensor Attention::normalized(size_t which, const at::Tensor& heads) {
  if (norms_.empty()) return heads;
  Layer& norm = layer_at(*this, norms_[which]);
  if (shape_.qk_norm != models::QkNorm::kWidth) return norm.forward(heads);
  return norm.forward(heads.flatten(-2)).unflatten(-1, {heads.size(2), heads.size(3)});
}

at::Tensor Attention::forward(const at::Tensor& x, Pass& pass) {
  std::vector<at::Tensor> qkv = project(x);
  at::Tensor q = normalized(0, qkv[0]), k = normalized(1, qkv[1]), v = qkv[2];
  if (const RotaryTable& table = pass.table(shape_.rope); table.cos.defined()) {
    q = rotate(q, pass.positions, table);
    k = rotate(k, pass.positions, table);
  }
  pass.place_virtual(k, v);
  at::Tensor mixed =
      attention(q, k, v, {shape_.scale, pass.row_start_within(shape_.window), pass.attention, shape_.cap, shape_.slopes});
  return layer_at(*this, output_).forward(mixed.flatten(-2));
}

FeedForward::FeedForward(models::Activation activation, NamedLayer gate, NamedLayer up, NamedLayer down, bool fused_gate_up)
    : activation_(activation), gate_(gate.layer ? gate.name : ""), up_(up.name), down_(down.name), fused_gate_up_(fused_gate_up) {
  if (gate.layer) add_child(std::move(gate.name), std::move(gate.layer));
  add_child(std::move(up.name), std::move(up.layer));
  add_child(std::move(down.name), std::move(down.layer));
}

at::Tensor FeedForward::forward(const at::Tensor& x) {
  at::Tensor up = layer_at(*this, up_).forward(x), inner;
  if (fused_gate_up_) {
    const int64_t width = up.size(-1) / 2;
    inner = gated_activation(up.narrow(-1, 0, width), up.narrow(-1, width, width), activation_);
  } else {
    inner = gate_.empty() ? activation(up, activation_) : gated_activation(layer_at(*this, gate_).forward(x), up, activation_);
  }
  return layer_at(*this, down_).forward(inner);
}

DecoderLayer::DecoderLayer(Parts parts)
    : attention_(parts.attention_name),
      ffn_(parts.ffn.name),
      parallel_(parts.parallel),
      shared_norm_(parts.shared_norm),
      scale_(parts.scale) {
  const auto add_norm = [this](NamedLayer& norm) -> std::string {
    if (!norm.layer) return "";
    add_child(norm.name, std::move(norm.layer));
    return norm.name;
  };
  attention_norm_ = add_norm(parts.attention_norm);
  add_child(attention_, std::move(parts.attention));
  attention_post_norm_ = add_norm(parts.attention_post_norm);
  ffn_norm_ = add_norm(parts.ffn_norm);
  add_child(ffn_, std::move(parts.ffn.layer));
  ffn_post_norm_ = add_norm(parts.ffn_post_norm);
}

at::Tensor DecoderLayer::normed(const std::string& norm, const at::Tensor& x) {
  return norm.empty() ? x : layer_at(*this, norm).forward(x);
}

/// What a part's output goes through before it is added to the stream.
at::Tensor DecoderLayer::finished(const std::string& post_norm, const at::Tensor& made, Pass& pass) {
  at::Tensor out = normed(post_norm, made);
  return pass.drop(scale_ == 1 ? out : out * scale_);
}

at::Tensor DecoderLayer::forward(const at::Tensor& x, Pass& pass) {
  auto* attention = dynamic_cast<Block*>(child(attention_));
  if (!attention) base::bug("nn.decoder", {"no attention block in this layer", attention_});
  at::Tensor in = normed(attention_norm_, x);
  at::Tensor mixed = finished(attention_post_norm_, attention->forward(in, pass), pass);
  if (parallel_) {
    at::Tensor made = layer_at(*this, ffn_).forward(shared_norm_ ? in : normed(ffn_norm_, x));
    return x + (finished(ffn_post_norm_, made, pass) + mixed);
  }
  AddedNorm added;
  if (ffn_norm_.empty())
    added.sum = added.normed = x + mixed;
  else
    added = add_then_norm(layer_at(*this, ffn_norm_), x, mixed);
  return added.sum + finished(ffn_post_norm_, layer_at(*this, ffn_).forward(added.normed), pass);
}

}  // namespace athanor::nn

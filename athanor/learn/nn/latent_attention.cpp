#include "athanor/learn/nn/latent_attention.h"

#include <ATen/ops/cat.h>

#include "athanor/learn/nn/layers.h"

namespace athanor::nn {

LatentAttention::LatentAttention(const Shape& shape, Parts parts) : shape_(shape) {
  const auto add = [this](NamedLayer& layer) {
    add_child(layer.name, std::move(layer.layer));
    return layer.name;
  };
  for (NamedLayer& layer : parts.queries) queries_.push_back(add(layer));
  kv_down_ = add(parts.kv_down);
  kv_norm_ = add(parts.kv_norm);
  kv_up_ = add(parts.kv_up);
  output_ = add(parts.output);
}

at::Tensor LatentAttention::forward(const at::Tensor& x, Pass& pass) {
  const int64_t plain = shape_.plain_dim, turning = shape_.rope_dim;
  at::Tensor q = x;
  for (const std::string& name : queries_) q = layer_at(*this, name).forward(q);
  q = q.unflatten(-1, {shape_.heads, plain + turning});  // [B, T, H, plain + rope]

  at::Tensor low = layer_at(*this, kv_down_).forward(x);                                  // [B, T, kv_rank + rope]
  at::Tensor shared = low.narrow(-1, shape_.kv_rank, turning).unsqueeze(2).contiguous();  // [B, T, 1, rope]
  at::Tensor c = layer_at(*this, kv_norm_).forward(low.narrow(-1, 0, shape_.kv_rank));
  at::Tensor kv = layer_at(*this, kv_up_).forward(c).unflatten(-1, {shape_.heads, plain + shape_.value_dim});

  at::Tensor q_turned = rotate(q.narrow(-1, plain, turning).contiguous(), pass.positions, pass.rotary);
  at::Tensor k_turned = rotate(shared, pass.positions, pass.rotary).expand_as(q_turned);
  at::Tensor queries = at::cat({q.narrow(-1, 0, plain), q_turned}, -1);
  at::Tensor keys = at::cat({kv.narrow(-1, 0, plain), k_turned}, -1);
  at::Tensor values = kv.narrow(-1, plain, shape_.value_dim).contiguous();
  at::Tensor mixed = attention(queries, keys, values, {shape_.scale, pass.row_start, pass.attention, 0, {}});
  return layer_at(*this, output_).forward(mixed.flatten(-2));
}

}  // namespace athanor::nn

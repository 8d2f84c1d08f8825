#pragma once
// The parts of a decoder layer. A block takes numbers, never a configuration; its inner layers are children under the names that
// the files use, and are looked up at every pass, so that surgery takes effect at once.

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "athanor/core/models/decoder_spec.h"
#include "athanor/learn/nn/functions.h"
#include "athanor/learn/nn/module.h"

namespace athanor::nn {

/// What one forward pass hands to every block.
struct Pass {
  at::Tensor positions;  // [B, T] int32
  at::Tensor row_start;  // [B, T] int32 or undefined
  RotaryTable rotary;    // cos undefined: positions do not rotate
  AttentionKind attention = AttentionKind::kFused;
  double dropout = 0;  // 0: off
  DropoutKey key = {};

  /// Dropout at the next site.
  at::Tensor drop(const at::Tensor& x);
};

/// Maps a residual stream [B, T, C] to what a pass makes of it.
class Block : public Module {
 public:
  virtual at::Tensor forward(const at::Tensor& x, Pass& pass) = 0;
};

struct NamedLayer {
  std::string name;  // of the child: "q_proj"
  std::unique_ptr<Layer> layer;
};

struct AttentionShape {
  int64_t heads = 0, kv_heads = 0, head_dim = 0;  // H, G, D
  double scale = 0;
};

/// Multi-head, grouped-query (Ainslie et al. 2023) or multi-query attention with optional rotary positions: projections, rotation,
/// attention, output projection. `inputs` are q, k and v, or one layer whose output holds the three after one another.
class Attention : public Block {
 public:
  Attention(const AttentionShape& shape, std::vector<NamedLayer> inputs, NamedLayer output);
  at::Tensor forward(const at::Tensor& x, Pass& pass) override;

 private:
  AttentionShape shape_;
  std::vector<std::string> inputs_;
  std::string output_;
};

/// down(act(up(x))), or down(act(gate(x)) * up(x)) where a gate is given (gate.layer may be null).
class FeedForward : public Layer {
 public:
  FeedForward(models::Activation activation, NamedLayer gate, NamedLayer up, NamedLayer down);
  at::Tensor forward(const at::Tensor& x) override;

 private:
  models::Activation activation_;
  std::string gate_, up_, down_;
};

/// Pre-norm residual layer: x += drop(attention(norm(x))); x += drop(feed_forward(norm(x))).
class DecoderLayer : public Block {
 public:
  struct Parts {
    NamedLayer attention_norm;
    std::string attention_name;
    std::unique_ptr<Block> attention;
    NamedLayer ffn_norm;
    NamedLayer ffn;
  };
  explicit DecoderLayer(Parts parts);
  at::Tensor forward(const at::Tensor& x, Pass& pass) override;

 private:
  std::string attention_norm_, attention_, ffn_norm_, ffn_;
};

}  // namespace athanor::nn

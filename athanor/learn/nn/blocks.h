#pragma once
// The parts of a decoder layer. A block takes numbers, never a configuration; its inner layers are children under the names that
// the files use, and are looked up at every pass, so that surgery takes effect at once.

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "athanor/core/models/decoder_spec.h"
#include "athanor/learn/nn/functions.h"
#include "athanor/learn/nn/module.h"

namespace athanor::nn {

class VirtualTokens;

/// What one forward pass hands to every block.
struct Pass {
  at::Tensor positions;              // [B, T] int32
  at::Tensor row_start;              // [B, T] int32 or undefined
  RotaryTable rotary, local_rotary;  // cos undefined: positions do not rotate
  AttentionKind attention = AttentionKind::kFused;
  double dropout = 0;  // 0: off
  DropoutKey key = {};
  int64_t layer = 0;                        // the one that runs
  VirtualTokens* virtual_tokens = nullptr;  // nullptr: none
  at::Tensor virtual_index;                 // [B, T] int64, which virtual token stands there; -1: none

  /// Dropout at the next site.
  at::Tensor drop(const at::Tensor& x);
  /// row_start of a layer whose queries see `window` positions (0: all). Made once per pass.
  at::Tensor row_start_within(int64_t window);
  /// The angles that a layer uses; cos undefined: none.
  const RotaryTable& table(models::LayerRope rope) const;
  /// Puts the virtual tokens' own keys and values, where they have some, into this layer's [B, T, G, D].
  void place_virtual(at::Tensor& k, at::Tensor& v) const;

 private:
  std::vector<std::pair<int64_t, at::Tensor>> windows_;
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
  bool by_group = false;  // one input whose output holds, for each key head, its queries, its key and its value
  models::QkNorm qk_norm = models::QkNorm::kNone;
  models::LayerRope rope = models::LayerRope::kMain;
  int64_t window = 0;  // positions that a query sees; 0: all before it
  double cap = 0;      // on scores
  at::Tensor slopes;   // ALiBi's [H], or undefined
};

/// Multi-head, grouped-query (Ainslie et al. 2023) or multi-query attention with optional rotary positions: projections, norms of
/// queries and keys, rotation, attention, output projection. `inputs` are q, k and v, or one layer whose output holds the three
/// after one another; `norms` those of q and k, or none.
class Attention : public Block {
 public:
  Attention(AttentionShape shape, std::vector<NamedLayer> inputs, std::vector<NamedLayer> norms, NamedLayer output);
  at::Tensor forward(const at::Tensor& x, Pass& pass) override;

 private:
  std::vector<at::Tensor> project(const at::Tensor& x);
  at::Tensor normalized(size_t which, const at::Tensor& heads);

  AttentionShape shape_;
  std::vector<std::string> inputs_, norms_;
  std::string output_;
};

/// down(act(up(x))), or down(act(gate(x)) * up(x)) where a gate is given (gate.layer may be null), or the same with `up` giving the
/// numbers of gate and up after one another.
class FeedForward : public Layer {
 public:
  FeedForward(models::Activation activation, NamedLayer gate, NamedLayer up, NamedLayer down, bool fused_gate_up = false);
  at::Tensor forward(const at::Tensor& x) override;

 private:
  models::Activation activation_;
  std::string gate_, up_, down_;
  bool fused_gate_up_;
};

/// x += drop(attention(norm(x))); x += drop(feed_forward(norm(x))): with norms before a part, behind it, or both.
class DecoderLayer : public Block {
 public:
  struct Parts {
    NamedLayer attention_norm, attention_post_norm;  // layer null: there is none
    std::string attention_name;
    std::unique_ptr<Block> attention;
    NamedLayer ffn_norm, ffn_post_norm;
    NamedLayer ffn;
    bool parallel = false;     // x + attention(norm(x)) + feed_forward(norm(x))
    bool shared_norm = false;  // ... with one norm for both
    double scale = 1;          // on what a part adds
  };
  explicit DecoderLayer(Parts parts);
  at::Tensor forward(const at::Tensor& x, Pass& pass) override;

 private:
  at::Tensor normed(const std::string& norm, const at::Tensor& x);
  at::Tensor finished(const std::string& post_norm, const at::Tensor& made, Pass& pass);

  std::string attention_norm_, attention_post_norm_, attention_, ffn_norm_, ffn_post_norm_, ffn_;
  bool parallel_, shared_norm_;
  double scale_;
};

}  // namespace athanor::nn

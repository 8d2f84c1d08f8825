#pragma once
// What Model::load makes: the weights of every slot, ready for the kernels. Private to the room.

#include <optional>
#include <vector>

#include "athanor/core/kernels/kv_cache.h"
#include "athanor/core/kernels/matmul.h"
#include "athanor/run/engine/engine.h"
#include "athanor/run/engine/weight_store.h"

namespace athanor::engine {

/// Positions that a layer with a window stores before it attends to them, in a cache that is a ring.
inline constexpr int64_t kRingBlock = 128;

struct Linear {
  kernels::WeightMatrix weight;
  std::vector<float> bias;  // empty: none

  const float* bias_or_null() const { return bias.empty() ? nullptr : bias.data(); }
};

struct Norm {
  std::vector<float> weight, bias;  // weight empty: there is no norm; bias empty: none
  explicit operator bool() const { return !weight.empty(); }
};

struct FeedForward {
  Linear gate;  // no weight where there is no gate
  Linear up, down;
};

struct Experts {
  Linear router;
  std::vector<float> correction;  // [count], or empty
  std::vector<FeedForward> each;
  FeedForward shared;  // no weights where there is none
};

/// Latent attention with the key's and the value's upward projections taken apart by head: keys are never made, queries go down
/// to the cached row instead.
struct Latent {
  Linear q_down;  // no weight where queries have no low rank
  Norm q_norm;
  Linear q_up;
  Linear kv_down;
  Norm kv_norm;
  std::vector<kernels::WeightMatrix> key, value;  // per head: [kv_rank, plain_dim], [value_dim, kv_rank]
};

struct Layer {
  Norm attn_norm, attn_post_norm, ffn_norm, ffn_post_norm, q_norm, k_norm;
  std::vector<Linear> qkv;  // one fused weight, or q, k and v; empty with latent attention
  std::optional<Latent> latent;
  Linear out;
  FeedForward ffn;  // no weights where the layer has experts
  std::optional<Experts> experts;
};

class LoadedModel : public Model {
 public:
  LoadedModel(const models::DecoderModel& model, const checkpoint::Checkpoint& weights, const EngineOptions& options,
              models::VirtualTokens before);

  const models::DecoderSpec& spec() const override { return spec_; }
  const EngineOptions& options() const override { return options_; }
  uint64_t bytes_per_token() const override;
  uint64_t owned_bytes() const override { return store_.owned_bytes(); }
  uint64_t session_cache_bytes() const override;

  int64_t context = 0;  // positions, virtual_tokens.count of them taken already
  models::VirtualTokens virtual_tokens;
  kernels::KvType cache_type = kernels::KvType::kF32;
  kernels::WeightMatrix token_embedding, position_embedding;  // no rows where positions are not learned
  std::vector<Layer> layers;
  Norm embedding_norm, final_norm;
  Linear head;   // no weight where the model classifies
  Linear score;  // no weight where it does not

  /// Of one layer: all of the context, or the ring of its window.
  kernels::KvShape cache_shape(int64_t layer) const;

 private:
  models::DecoderSpec spec_;
  EngineOptions options_;
  WeightStore store_;
};

}  // namespace athanor::engine

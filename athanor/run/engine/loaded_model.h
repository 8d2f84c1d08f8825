#pragma once
// What Model::load makes: the weights of every slot, ready for the kernels. Private to the room.

#include <vector>

#include "athanor/core/kernels/kv_cache.h"
#include "athanor/core/kernels/matmul.h"
#include "athanor/run/engine/engine.h"
#include "athanor/run/engine/weight_store.h"

namespace athanor::engine {

struct Linear {
  kernels::WeightMatrix weight;
  std::vector<float> bias;  // empty: none

  const float* bias_or_null() const { return bias.empty() ? nullptr : bias.data(); }
};

struct Norm {
  std::vector<float> weight, bias;  // bias empty: none
};

struct Layer {
  Norm attn_norm, ffn_norm;
  std::vector<Linear> qkv;  // one fused weight, or q, k and v
  Linear out;
  Linear gate;  // no weight where the feed-forward has no gate
  Linear up, down;
};

class LoadedModel : public Model {
 public:
  LoadedModel(const models::DecoderModel& model, const checkpoint::Checkpoint& weights, const EngineOptions& options);

  const models::DecoderSpec& spec() const override { return spec_; }
  const EngineOptions& options() const override { return options_; }
  uint64_t bytes_per_token() const override;
  uint64_t owned_bytes() const override { return store_.owned_bytes(); }
  uint64_t session_cache_bytes() const override;

  int64_t context = 0;
  kernels::KvType cache_type = kernels::KvType::kF32;
  kernels::WeightMatrix token_embedding, position_embedding;  // no rows where positions are not learned
  std::vector<Layer> layers;
  Norm final_norm;
  Linear head;

  kernels::KvShape cache_shape() const { return {cache_type, spec_.kv_heads, spec_.head_dim, context}; }

 private:
  models::DecoderSpec spec_;
  EngineOptions options_;
  WeightStore store_;
};

}  // namespace athanor::engine

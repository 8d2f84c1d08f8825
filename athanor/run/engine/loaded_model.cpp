#include "athanor/run/engine/loaded_model.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/engine/slot_reader.h"

namespace athanor::engine {

using models::Slot;

namespace {

constexpr int64_t kLongestDefaultContext = 4096, kLongestContext = int64_t{1} << 30;

FeedForward read_ffn(const SlotReader& reader, const models::DecoderSpec& spec, int64_t layer) {
  FeedForward ffn;
  if (spec.fused_gate_up) {
    ffn.gate.weight = reader.part(Slot::kGateUp, layer, 0, spec.ffn);
    ffn.up.weight = reader.part(Slot::kGateUp, layer, spec.ffn, spec.ffn);
  } else {
    if (spec.gated) ffn.gate = reader.linear(Slot::kGate, Slot::kGateBias, layer);
    ffn.up = reader.linear(Slot::kUp, Slot::kUpBias, layer);
  }
  ffn.down = reader.linear(Slot::kDown, Slot::kDownBias, layer);
  return ffn;
}

Experts read_experts(const SlotReader& reader, const models::DecoderSpec& spec, int64_t layer) {
  Experts experts;
  experts.router.weight = reader.table(Slot::kRouter, layer);  // small, and what it chooses must not depend on rounding
  experts.correction = reader.vector(Slot::kRouterCorrection, layer);
  for (int64_t e = 0; e < spec.experts.count; ++e)
    experts.each.push_back({reader.linear(Slot::kExpertGate, layer, e), reader.linear(Slot::kExpertUp, layer, e),
                            reader.linear(Slot::kExpertDown, layer, e)});
  if (spec.experts.shared_ffn > 0)
    experts.shared = {reader.linear(Slot::kSharedGate, layer), reader.linear(Slot::kSharedUp, layer),
                      reader.linear(Slot::kSharedDown, layer)};
  return experts;
}

Latent read_latent(const SlotReader& reader, const models::DecoderSpec& spec, int64_t layer) {
  Latent latent;
  const bool low_rank = spec.latent.q_rank > 0;
  if (low_rank) {
    latent.q_down = reader.linear(Slot::kQDown, layer);
    latent.q_norm = reader.norm(Slot::kQDownNorm, layer);
  }
  latent.q_up = reader.linear(low_rank ? Slot::kQUp : Slot::kQ, layer);
  latent.kv_down = reader.linear(Slot::kKvDown, layer);
  latent.kv_norm = reader.norm(Slot::kKvDownNorm, layer);
  const int64_t plain = spec.latent.plain_dim, value = spec.value_size();
  for (int64_t h = 0; h < spec.heads; ++h) {
    const int64_t first = h * (plain + value);
    latent.key.push_back(reader.part(Slot::kKvUp, layer, first, plain, true));
    latent.value.push_back(reader.part(Slot::kKvUp, layer, first + plain, value));
  }
  return latent;
}

std::vector<Linear> read_qkv(const SlotReader& reader, const models::DecoderSpec& spec, int64_t layer) {
  if (spec.fused_qkv) return {reader.fused_qkv(layer)};
  return {reader.linear(Slot::kQ, Slot::kQBias, layer), reader.linear(Slot::kK, Slot::kKBias, layer),
          reader.linear(Slot::kV, Slot::kVBias, layer)};
}

Layer read_layer(const SlotReader& reader, const models::DecoderSpec& spec, int64_t layer) {
  Layer made;
  made.attn_norm = reader.norm(Slot::kAttnNorm, Slot::kAttnNormBias, layer);
  made.attn_post_norm = reader.norm(Slot::kAttnPostNorm, layer);
  made.ffn_norm = reader.norm(Slot::kFfnNorm, Slot::kFfnNormBias, layer);
  made.ffn_post_norm = reader.norm(Slot::kFfnPostNorm, layer);
  made.q_norm = reader.qk_norm(Slot::kQNorm, layer);
  made.k_norm = reader.qk_norm(Slot::kKNorm, layer);
  if (spec.latent.kv_rank > 0)
    made.latent = read_latent(reader, spec, layer);
  else
    made.qkv = read_qkv(reader, spec, layer);
  made.out = reader.linear(Slot::kAttnOut, Slot::kAttnOutBias, layer);
  if (spec.layer(layer).experts)
    made.experts = read_experts(reader, spec, layer);
  else
    made.ffn = read_ffn(reader, spec, layer);
  return made;
}

uint64_t bytes_of(const Linear& linear) { return linear.weight.bytes() + linear.bias.size() * 4; }
uint64_t bytes_of(const Norm& norm) { return (norm.weight.size() + norm.bias.size()) * 4; }
uint64_t bytes_of(const FeedForward& ffn) { return bytes_of(ffn.gate) + bytes_of(ffn.up) + bytes_of(ffn.down); }

/// What a token reads: the router, the chosen experts (all are of one size) and the shared ones.
uint64_t bytes_of(const Experts& experts, int64_t chosen) {
  return bytes_of(experts.router) + experts.correction.size() * 4 + static_cast<uint64_t>(chosen) * bytes_of(experts.each.front()) +
         bytes_of(experts.shared);
}

uint64_t bytes_of(const Latent& latent) {
  uint64_t sum = bytes_of(latent.q_down) + bytes_of(latent.q_norm) + bytes_of(latent.q_up) + bytes_of(latent.kv_down) +
                 bytes_of(latent.kv_norm);
  for (const kernels::WeightMatrix& matrix : latent.key) sum += matrix.bytes();
  for (const kernels::WeightMatrix& matrix : latent.value) sum += matrix.bytes();
  return sum;
}

uint64_t bytes_of(const Layer& layer, int64_t chosen) {
  uint64_t sum = bytes_of(layer.out) + bytes_of(layer.ffn);
  for (const Norm* norm :
       {&layer.attn_norm, &layer.attn_post_norm, &layer.ffn_norm, &layer.ffn_post_norm, &layer.q_norm, &layer.k_norm})
    sum += bytes_of(*norm);
  for (const Linear& linear : layer.qkv) sum += bytes_of(linear);
  return sum + (layer.latent ? bytes_of(*layer.latent) : 0) + (layer.experts ? bytes_of(*layer.experts, chosen) : 0);
}

/// What a layer must hold: a ring has room for the window before the first position of a block, for the block, and for the 32
/// positions that share memory with the newest.
int64_t positions_held(const models::LayerSpec& layer, int64_t context) {
  if (layer.window <= 0 || layer.window >= context) return context;
  const int64_t ring = (layer.window - 1 + kRingBlock + 31) / 32 * 32 + 32;
  return std::min(context, ring);
}

/// Latent attention keeps one row for all heads: the key is the low-rank row and what turns, the value the low-rank row.
kernels::KvShape shape_of(const models::DecoderSpec& spec, int64_t layer, int64_t context, kernels::KvType type) {
  const int64_t positions = positions_held(spec.layer(layer), context);
  const models::LatentSpec& latent = spec.latent;
  if (latent.kv_rank > 0) return {type, 1, latent.kv_rank + latent.rope_dim, positions, latent.kv_rank};
  return {type, spec.kv_heads, spec.head_dim, positions, spec.value_dim};
}

uint64_t all_bytes(const models::DecoderSpec& spec, int64_t context, kernels::KvType type) {
  uint64_t sum = 0;
  for (int64_t i = 0; i < spec.layers; ++i) sum += shape_of(spec, i, context, type).layer_bytes();
  return sum;
}

}  // namespace

int64_t context_of(const models::DecoderSpec& spec, const EngineOptions& options) {
  const int64_t positions = spec.max_positions > 0 ? spec.max_positions : kLongestDefaultContext;
  if (options.context == 0) return std::min(positions, kLongestDefaultContext);
  const bool learned = spec.position == models::PositionKind::kLearned;
  const int64_t most = learned ? spec.max_positions : kLongestContext;
  if (options.context < 1 || options.context > most)
    base::input_error("engine.context", {"bad context length", base::cat(options.context), base::cat("1 to ", most),
                                         learned ? "athanor convert --positions gives it more, and tuning makes them good" : ""});
  return options.context;
}

uint64_t cache_bytes(const models::DecoderSpec& spec, const EngineOptions& options, base::DType stored) {
  const bool wide = options.weights == WeightKind::kF32 ||
                    (options.weights == WeightKind::kAsStored && (stored == base::DType::kF32 || stored == base::DType::kF64));
  const auto type = wide ? kernels::KvType::kF32 : kernels::KvType::kBF16;
  return all_bytes(spec, context_of(spec, options), type);
}

LoadedModel::LoadedModel(const models::DecoderModel& model, const checkpoint::Checkpoint& weights, const EngineOptions& options,
                         models::VirtualTokens before)
    : context(context_of(model.spec, options)),
      virtual_tokens(std::move(before)),
      spec_(model.spec),
      options_(options),
      store_(options.weights) {
  if (virtual_tokens.count >= context)
    base::input_error("engine.context", {"the virtual tokens leave no room for others", base::cat(context),
                                         base::cat("more than ", virtual_tokens.count), "a larger context"});
  const SlotReader reader(model, weights, store_);
  token_embedding = reader.table(Slot::kTokenEmbedding);
  if (spec_.position == models::PositionKind::kLearned) position_embedding = reader.table(Slot::kPositionEmbedding);
  for (int64_t i = 0; i < spec_.layers; ++i) layers.push_back(read_layer(reader, spec_, i));
  embedding_norm = reader.norm(Slot::kEmbeddingNorm, Slot::kEmbeddingNormBias, -1);
  final_norm = reader.norm(Slot::kFinalNorm, Slot::kFinalNormBias, -1);
  if (spec_.tied_head) {
    head.weight = store_.as_kind(token_embedding);
  } else {
    head = reader.linear(Slot::kHead, -1);
  }
  score.weight = reader.table(Slot::kScore);
  const bool wide = layers.empty() || layers.front().out.weight.type == kernels::WeightType::kF32;
  cache_type = wide ? kernels::KvType::kF32 : kernels::KvType::kBF16;
}

uint64_t LoadedModel::bytes_per_token() const {
  uint64_t sum = bytes_of(embedding_norm) + bytes_of(final_norm) + bytes_of(head);
  for (const Layer& layer : layers) sum += bytes_of(layer, spec_.experts.chosen);
  return sum;
}

kernels::KvShape LoadedModel::cache_shape(int64_t layer) const { return shape_of(spec_, layer, context, cache_type); }

uint64_t LoadedModel::session_cache_bytes() const { return all_bytes(spec_, context, cache_type); }

std::shared_ptr<const Model> Model::load(const models::DecoderModel& model, const checkpoint::Checkpoint& weights,
                                         const EngineOptions& options, models::VirtualTokens virtual_tokens) {
  if (model.spec.adaptive.clusters() > 0)
    base::input_error("engine.model", {"the engine does not run an adaptive softmax head", "adaptive_softmax in config.json",
                                       "an ordinary head", "athanor logits --executor nn"});
  return std::make_shared<LoadedModel>(model, weights, options, std::move(virtual_tokens));
}

}  // namespace athanor::engine

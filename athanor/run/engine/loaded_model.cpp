#include "athanor/run/engine/loaded_model.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::engine {

using models::Slot;

namespace {

constexpr int64_t kLongestDefaultContext = 4096, kLongestContext = int64_t{1} << 30;

/// The weights of one model by slot.
class SlotReader {
 public:
  SlotReader(const models::DecoderModel& model, const checkpoint::Checkpoint& weights, WeightStore& store)
      : model_(model), weights_(weights), store_(store) {}

  const checkpoint::ArrayView* find(Slot slot, int64_t layer = -1) const {
    return models::find_weight(model_, weights_, slot, layer);
  }

  std::vector<float> vector(Slot slot, int64_t layer = -1) const {
    const checkpoint::ArrayView* array = find(slot, layer);
    return array ? checkpoint::to_f32(*array, models::weight_name(model_, slot, layer)) : std::vector<float>();
  }

  kernels::WeightMatrix table(Slot slot) const {
    const checkpoint::ArrayView* array = find(slot);
    return array ? store_.table(*array, models::weight_name(model_, slot)) : kernels::WeightMatrix{};
  }

  Linear linear(Slot weight, Slot bias, int64_t layer) const {
    const checkpoint::ArrayView* array = find(weight, layer);
    if (!array) return {};
    return {store_.matrix(*array, transposed(weight), models::weight_name(model_, weight, layer)), vector(bias, layer)};
  }

  Norm norm(Slot weight, Slot bias, int64_t layer = -1) const { return {vector(weight, layer), vector(bias, layer)}; }

 private:
  bool transposed(Slot slot) const {
    return std::any_of(model_.slots.begin(), model_.slots.end(),
                       [&](const models::SlotName& s) { return s.slot == slot && s.transposed; });
  }

  const models::DecoderModel& model_;
  const checkpoint::Checkpoint& weights_;
  WeightStore& store_;
};

Layer read_layer(const SlotReader& reader, const models::DecoderSpec& spec, int64_t layer) {
  Layer made;
  made.attn_norm = reader.norm(Slot::kAttnNorm, Slot::kAttnNormBias, layer);
  made.ffn_norm = reader.norm(Slot::kFfnNorm, Slot::kFfnNormBias, layer);
  if (spec.fused_qkv) {
    made.qkv.push_back(reader.linear(Slot::kQkv, Slot::kQkvBias, layer));
  } else {
    made.qkv.push_back(reader.linear(Slot::kQ, Slot::kQBias, layer));
    made.qkv.push_back(reader.linear(Slot::kK, Slot::kKBias, layer));
    made.qkv.push_back(reader.linear(Slot::kV, Slot::kVBias, layer));
  }
  made.out = reader.linear(Slot::kAttnOut, Slot::kAttnOutBias, layer);
  if (spec.gated) made.gate = reader.linear(Slot::kGate, Slot::kGateBias, layer);
  made.up = reader.linear(Slot::kUp, Slot::kUpBias, layer);
  made.down = reader.linear(Slot::kDown, Slot::kDownBias, layer);
  return made;
}

uint64_t bytes_of(const Linear& linear) { return linear.weight.bytes() + linear.bias.size() * 4; }
uint64_t bytes_of(const Norm& norm) { return (norm.weight.size() + norm.bias.size()) * 4; }

kernels::KvShape shape_of(const models::DecoderSpec& spec, int64_t context, kernels::KvType type) {
  return {type, spec.kv_heads, spec.head_dim, context};
}

}  // namespace

int64_t context_of(const models::DecoderSpec& spec, const EngineOptions& options) {
  const int64_t positions = spec.max_positions > 0 ? spec.max_positions : kLongestDefaultContext;
  if (options.context == 0) return std::min(positions, kLongestDefaultContext);
  const bool learned = spec.position == models::PositionKind::kLearned;
  const int64_t most = learned ? spec.max_positions : kLongestContext;
  if (options.context < 1 || options.context > most)
    base::input_error("engine.context", {"bad context length", base::cat(options.context), base::cat("1 to ", most),
                                         learned ? "this model has no positions beyond" : ""});
  return options.context;
}

uint64_t cache_bytes(const models::DecoderSpec& spec, const EngineOptions& options, base::DType stored) {
  const bool wide = options.weights == WeightKind::kF32 ||
                    (options.weights == WeightKind::kAsStored && (stored == base::DType::kF32 || stored == base::DType::kF64));
  const auto type = wide ? kernels::KvType::kF32 : kernels::KvType::kBF16;
  return static_cast<uint64_t>(spec.layers) * shape_of(spec, context_of(spec, options), type).layer_bytes();
}

LoadedModel::LoadedModel(const models::DecoderModel& model, const checkpoint::Checkpoint& weights, const EngineOptions& options)
    : context(context_of(model.spec, options)), spec_(model.spec), options_(options), store_(options.weights) {
  const SlotReader reader(model, weights, store_);
  token_embedding = reader.table(Slot::kTokenEmbedding);
  if (spec_.position == models::PositionKind::kLearned) position_embedding = reader.table(Slot::kPositionEmbedding);
  for (int64_t i = 0; i < spec_.layers; ++i) layers.push_back(read_layer(reader, spec_, i));
  final_norm = reader.norm(Slot::kFinalNorm, Slot::kFinalNormBias);
  if (spec_.tied_head) {
    head.weight = store_.as_kind(token_embedding);
  } else {
    head = reader.linear(Slot::kHead, Slot::kHead, -1);
    head.bias.clear();
  }
  const bool wide = layers.empty() || layers.front().qkv.front().weight.type == kernels::WeightType::kF32;
  cache_type = wide ? kernels::KvType::kF32 : kernels::KvType::kBF16;
}

uint64_t LoadedModel::bytes_per_token() const {
  uint64_t sum = bytes_of(final_norm) + bytes_of(head);
  for (const Layer& layer : layers) {
    sum += bytes_of(layer.attn_norm) + bytes_of(layer.ffn_norm) + bytes_of(layer.out) + bytes_of(layer.gate) + bytes_of(layer.up) +
           bytes_of(layer.down);
    for (const Linear& linear : layer.qkv) sum += bytes_of(linear);
  }
  return sum;
}

uint64_t LoadedModel::session_cache_bytes() const { return layers.size() * cache_shape().layer_bytes(); }

std::shared_ptr<const Model> Model::load(const models::DecoderModel& model, const checkpoint::Checkpoint& weights,
                                         const EngineOptions& options) {
  return std::make_shared<LoadedModel>(model, weights, options);
}

}  // namespace athanor::engine

// From slots to names, shapes and arrays.

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/models/family.h"

namespace athanor::models {
namespace {

const SlotName* row_of(const DecoderModel& model, Slot slot) {
  for (const SlotName& row : model.slots)
    if (row.slot == slot) return &row;
  return nullptr;
}

/// Whether layer `layer` has the row's weight.
bool applies(const DecoderModel& model, const SlotName& row, int64_t layer) {
  if (row.layers == SlotLayers::kAll || layer < 0) return true;
  return model.spec.layer(layer).experts == (row.layers == SlotLayers::kExperts);
}

bool per_layer(const SlotName& row) { return std::string_view(row.name).find("{}") != std::string_view::npos; }

std::string full_name(const SlotName& row, int64_t layer, int64_t expert) {
  std::string name = row.name;
  if (size_t at = name.find("{}"); at != std::string::npos) name.replace(at, 2, base::cat(layer));
  if (size_t at = name.find("{e}"); at != std::string::npos) name.replace(at, 3, base::cat(expert));
  return name;
}

/// The name without the family's prefix, as files of the bare model have it; "" where it has none.
std::string bare_name(const DecoderModel& model, const std::string& name) {
  return name.starts_with(model.family->prefix) ? name.substr(std::string_view(model.family->prefix).size()) : "";
}

int64_t rows_of_q(const DecoderSpec& s) { return s.heads * s.head_dim; }
int64_t rows_of_fused(const DecoderSpec& s) { return rows_of_q(s) + 2 * s.kv_heads * s.head_dim; }

std::vector<int64_t> latent_shape(const DecoderSpec& s, Slot slot) {
  const LatentSpec& latent = s.latent;
  switch (slot) {
    case Slot::kQDown:
      return {latent.q_rank, s.hidden};
    case Slot::kQDownNorm:
      return {latent.q_rank};
    case Slot::kQUp:
      return {rows_of_q(s), latent.q_rank};
    case Slot::kKvDown:
      return {latent.kv_rank + latent.rope_dim, s.hidden};
    case Slot::kKvDownNorm:
      return {latent.kv_rank};
    case Slot::kKvUp:
      return {s.heads * (latent.plain_dim + s.value_size()), latent.kv_rank};
    default:
      base::bug("models.weights", {"slot without a shape"});
  }
}

std::vector<int64_t> ffn_shape(const DecoderSpec& s, Slot slot) {
  switch (slot) {
    case Slot::kGate:
    case Slot::kUp:
      return {s.ffn, s.hidden};
    case Slot::kGateUp:
      return {2 * s.ffn, s.hidden};
    case Slot::kDown:
      return {s.hidden, s.ffn};
    case Slot::kGateBias:
    case Slot::kUpBias:
      return {s.ffn};
    case Slot::kRouter:
      return {s.experts.count, s.hidden};
    case Slot::kRouterCorrection:
      return {s.experts.count};
    case Slot::kExpertGate:
    case Slot::kExpertUp:
      return {s.experts.ffn, s.hidden};
    case Slot::kExpertDown:
      return {s.hidden, s.experts.ffn};
    case Slot::kSharedGate:
    case Slot::kSharedUp:
      return {s.experts.shared_ffn, s.hidden};
    case Slot::kSharedDown:
      return {s.hidden, s.experts.shared_ffn};
    default:
      return latent_shape(s, slot);
  }
}

int64_t cluster_width(const DecoderSpec& s, int64_t cluster) {
  return static_cast<int64_t>(static_cast<double>(s.hidden) / std::pow(s.adaptive.shrink, static_cast<double>(cluster + 1)));
}

int64_t cluster_tokens(const DecoderSpec& s, int64_t cluster) {
  const auto i = static_cast<size_t>(cluster);
  return (i + 1 < s.adaptive.cutoffs.size() ? s.adaptive.cutoffs[i + 1] : s.vocab) - s.adaptive.cutoffs[i];
}

/// As a matrix [out, in] or a vector [n], before transposition.
std::vector<int64_t> logical_shape(const DecoderSpec& s, Slot slot, int64_t expert) {
  const bool by_head = s.qk_norm == QkNorm::kHead || s.qk_norm == QkNorm::kEachHead;
  switch (slot) {
    case Slot::kTokenEmbedding:
    case Slot::kHead:
      return {s.vocab, s.hidden};
    case Slot::kScore:
      return {s.labels, s.hidden};
    case Slot::kAdaptiveHead:
      return {s.adaptive.cutoffs.front() + s.adaptive.clusters(), s.hidden};
    case Slot::kTailDown:
      return {cluster_width(s, expert), s.hidden};
    case Slot::kTailUp:
      return {cluster_tokens(s, expert), cluster_width(s, expert)};
    case Slot::kPositionEmbedding:
      return {s.max_positions, s.hidden};
    case Slot::kQ:
      return {rows_of_q(s), s.hidden};
    case Slot::kK:
    case Slot::kV:
      return {s.kv_heads * s.head_dim, s.hidden};
    case Slot::kQkv:
      return {rows_of_fused(s), s.hidden};
    case Slot::kAttnOut:
      return {s.hidden, s.heads * s.value_size()};
    case Slot::kQBias:
      return {rows_of_q(s)};
    case Slot::kKBias:
    case Slot::kVBias:
      return {s.kv_heads * s.head_dim};
    case Slot::kQkvBias:
      return {rows_of_fused(s)};
    case Slot::kQNorm:
      return {by_head ? s.head_dim : rows_of_q(s)};
    case Slot::kKNorm:
      return {by_head ? s.head_dim : s.kv_heads * s.head_dim};
    case Slot::kEmbeddingNorm:
    case Slot::kEmbeddingNormBias:
    case Slot::kFinalNorm:
    case Slot::kFinalNormBias:
    case Slot::kAttnNorm:
    case Slot::kAttnNormBias:
    case Slot::kAttnPostNorm:
    case Slot::kFfnNorm:
    case Slot::kFfnNormBias:
    case Slot::kFfnPostNorm:
    case Slot::kAttnOutBias:
    case Slot::kDownBias:
      return {s.hidden};
    default:
      return ffn_shape(s, slot);
  }
}

}  // namespace

int64_t numbered_weights(const DecoderSpec& spec, const SlotName& row) {
  if (std::string_view(row.name).find("{e}") == std::string_view::npos) return 0;
  if (row.slot == Slot::kQNorm) return spec.heads;
  return row.slot == Slot::kKNorm ? spec.kv_heads : spec.experts.count;
}

std::vector<WeightPlace> weight_places(const DecoderModel& model) {
  std::vector<WeightPlace> places;
  for (const SlotName& row : model.slots) {
    const bool tail = row.slot == Slot::kTailDown || row.slot == Slot::kTailUp;
    for (int64_t cluster = 0; tail && cluster < model.spec.adaptive.clusters(); ++cluster) places.push_back({&row, -1, cluster});
    if (!per_layer(row) && !tail) places.push_back({&row});
    for (int64_t layer = 0; per_layer(row) && layer < model.spec.layers; ++layer) {
      if (!applies(model, row, layer)) continue;
      const int64_t numbered = numbered_weights(model.spec, row);
      for (int64_t expert = numbered > 0 ? 0 : -1; expert < numbered; ++expert) places.push_back({&row, layer, expert});
    }
  }
  return places;
}

std::string weight_name(const WeightPlace& place) { return full_name(*place.row, place.layer, place.expert); }

std::string weight_name(const DecoderModel& model, Slot slot, int64_t layer, int64_t expert) {
  const SlotName* row = row_of(model, slot);
  return row && applies(model, *row, layer) ? full_name(*row, layer, expert) : "";
}

std::vector<int64_t> weight_shape(const DecoderModel& model, Slot slot, int64_t expert) {
  std::vector<int64_t> shape = logical_shape(model.spec, slot, expert);
  const SlotName* row = row_of(model, slot);
  if (row && row->transposed) std::reverse(shape.begin(), shape.end());
  return shape;
}

const checkpoint::ArrayView* find_weight(const DecoderModel& model, const checkpoint::Checkpoint& weights, Slot slot, int64_t layer,
                                         int64_t expert) {
  const SlotName* row = row_of(model, slot);
  if (!row || !applies(model, *row, layer)) return nullptr;
  std::string name = full_name(*row, layer, expert);
  const checkpoint::ArrayView* array = weights.find(name);
  if (std::string bare = bare_name(model, name); !array && !bare.empty()) array = weights.find(bare);
  if (!array) array = &weights.at(name);  // throws, with the nearest name
  std::vector<int64_t> shape = weight_shape(model, slot, expert);
  if (array->shape != shape)
    base::file_error("models.weights", {base::cat("array \"", name, "\" has another shape than config.json says"),
                                        checkpoint::shape_text(array->shape), checkpoint::shape_text(shape)});
  return array;
}

std::vector<std::string> unclaimed_weights(const DecoderModel& model, const checkpoint::Checkpoint& weights) {
  std::unordered_set<std::string> claimed;
  for (const WeightPlace& place : weight_places(model)) {
    std::string name = weight_name(place);
    claimed.insert(bare_name(model, name));
    claimed.insert(std::move(name));
  }
  // A tied head is often stored all the same; it equals the embedding.
  if (model.spec.tied_head) claimed.insert("lm_head.weight");
  std::vector<std::string> unclaimed;
  for (const checkpoint::NamedArray& array : weights.arrays()) {
    auto computed = [&](const char* ending) { return std::string_view(array.name).ends_with(ending); };
    if (!claimed.contains(array.name) && std::none_of(model.family->buffers.begin(), model.family->buffers.end(), computed))
      unclaimed.push_back(array.name);
  }
  return unclaimed;
}

int64_t parameter_count(const DecoderModel& model) {
  int64_t total = 0;
  for (const WeightPlace& place : weight_places(model)) {
    int64_t count = 1;
    for (int64_t size : weight_shape(model, place.row->slot, place.expert)) count *= size;
    total += count;
  }
  return total;
}

}  // namespace athanor::models

// From slots to names, shapes and arrays.

#include <algorithm>
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

bool per_layer(const SlotName& row) { return std::string_view(row.name).find("{}") != std::string_view::npos; }

std::string full_name(const SlotName& row, int64_t layer) {
  std::string name = row.name;
  if (size_t at = name.find("{}"); at != std::string::npos) name.replace(at, 2, base::cat(layer));
  return name;
}

/// The name without the family's prefix, as files of the bare model have it; "" where it has none.
std::string bare_name(const DecoderModel& model, const std::string& name) {
  return name.starts_with(model.family->prefix) ? name.substr(std::string_view(model.family->prefix).size()) : "";
}

/// As a matrix [out, in] or a vector [n], before transposition.
std::vector<int64_t> logical_shape(const DecoderSpec& s, Slot slot) {
  int64_t q = s.heads * s.head_dim, kv = s.kv_heads * s.head_dim;
  switch (slot) {
    case Slot::kTokenEmbedding:
    case Slot::kHead:
      return {s.vocab, s.hidden};
    case Slot::kPositionEmbedding:
      return {s.max_positions, s.hidden};
    case Slot::kQ:
      return {q, s.hidden};
    case Slot::kK:
    case Slot::kV:
      return {kv, s.hidden};
    case Slot::kQkv:
      return {q + 2 * kv, s.hidden};
    case Slot::kAttnOut:
      return {s.hidden, q};
    case Slot::kGate:
    case Slot::kUp:
      return {s.ffn, s.hidden};
    case Slot::kDown:
      return {s.hidden, s.ffn};
    case Slot::kQBias:
      return {q};
    case Slot::kKBias:
    case Slot::kVBias:
      return {kv};
    case Slot::kQkvBias:
      return {q + 2 * kv};
    case Slot::kGateBias:
    case Slot::kUpBias:
      return {s.ffn};
    case Slot::kFinalNorm:
    case Slot::kFinalNormBias:
    case Slot::kAttnNorm:
    case Slot::kAttnNormBias:
    case Slot::kFfnNorm:
    case Slot::kFfnNormBias:
    case Slot::kAttnOutBias:
    case Slot::kDownBias:
      return {s.hidden};
  }
  base::bug("models.weights", {"slot without a shape"});
}

}  // namespace

std::string weight_name(const DecoderModel& model, Slot slot, int64_t layer) {
  const SlotName* row = row_of(model, slot);
  return row ? full_name(*row, layer) : "";
}

std::vector<int64_t> weight_shape(const DecoderModel& model, Slot slot) {
  std::vector<int64_t> shape = logical_shape(model.spec, slot);
  const SlotName* row = row_of(model, slot);
  if (row && row->transposed) std::reverse(shape.begin(), shape.end());
  return shape;
}

const checkpoint::ArrayView* find_weight(const DecoderModel& model, const checkpoint::Checkpoint& weights, Slot slot,
                                         int64_t layer) {
  const SlotName* row = row_of(model, slot);
  if (!row) return nullptr;
  std::string name = full_name(*row, layer);
  const checkpoint::ArrayView* array = weights.find(name);
  if (std::string bare = bare_name(model, name); !array && !bare.empty()) array = weights.find(bare);
  if (!array) array = &weights.at(name);  // throws, with the nearest name
  std::vector<int64_t> shape = weight_shape(model, slot);
  if (array->shape != shape)
    base::file_error("models.weights", {base::cat("array \"", name, "\" has another shape than config.json says"),
                                        checkpoint::shape_text(array->shape), checkpoint::shape_text(shape)});
  return array;
}

std::vector<std::string> unclaimed_weights(const DecoderModel& model, const checkpoint::Checkpoint& weights) {
  std::unordered_set<std::string> claimed;
  for (const SlotName& row : model.slots) {
    for (int64_t layer = 0; layer < (per_layer(row) ? model.spec.layers : 1); ++layer) {
      std::string name = full_name(row, layer);
      claimed.insert(bare_name(model, name));
      claimed.insert(std::move(name));
    }
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
  for (const SlotName& row : model.slots) {
    int64_t count = per_layer(row) ? model.spec.layers : 1;
    for (int64_t size : weight_shape(model, row.slot)) count *= size;
    total += count;
  }
  return total;
}

}  // namespace athanor::models

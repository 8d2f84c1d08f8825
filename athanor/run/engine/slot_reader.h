#pragma once
// The weights of a checkpoint by slot, as the executor wants them: whole, a part of their rows, or with rows in another order.
// Private to the room.

#include <algorithm>
#include <string>
#include <vector>

#include "athanor/run/engine/loaded_model.h"

namespace athanor::engine {

using models::Slot;

/// Rows of a matrix as an array of their own, over the same memory.
inline checkpoint::ArrayView rows_of(const checkpoint::ArrayView& array, int64_t first, int64_t count) {
  const size_t row = array.bytes.size() / static_cast<size_t>(array.shape[0]);
  return {array.dtype,
          {count, array.shape[1]},
          array.bytes.subspan(static_cast<size_t>(first) * row, static_cast<size_t>(count) * row)};
}

/// Where the rows of q, then k, then v lie in a weight that holds, for each key head, its queries, its key and its value.
inline std::vector<int64_t> group_order(const models::DecoderSpec& spec) {
  const int64_t queries = spec.heads / spec.kv_heads, dim = spec.head_dim;
  std::vector<int64_t> rows;
  const auto take = [&](int64_t group, int64_t member) {
    for (int64_t d = 0; d < dim; ++d) rows.push_back((group * (queries + 2) + member) * dim + d);
  };
  for (int64_t h = 0; h < spec.heads; ++h) take(h / queries, h % queries);
  for (int64_t member = queries; member < queries + 2; ++member)
    for (int64_t group = 0; group < spec.kv_heads; ++group) take(group, member);
  return rows;
}

/// The weights of one model by slot.
class SlotReader {
 public:
  SlotReader(const models::DecoderModel& model, const checkpoint::Checkpoint& weights, WeightStore& store)
      : model_(model), weights_(weights), store_(store) {}

  const checkpoint::ArrayView* find(Slot slot, int64_t layer = -1, int64_t expert = -1) const {
    return models::find_weight(model_, weights_, slot, layer, expert);
  }

  std::vector<float> vector(Slot slot, int64_t layer = -1) const {
    const checkpoint::ArrayView* array = find(slot, layer);
    return array ? checkpoint::to_f32(*array, models::weight_name(model_, slot, layer)) : std::vector<float>();
  }

  kernels::WeightMatrix table(Slot slot, int64_t layer = -1) const {
    const checkpoint::ArrayView* array = find(slot, layer);
    return array ? store_.table(*array, models::weight_name(model_, slot, layer)) : kernels::WeightMatrix{};
  }

  Linear linear(Slot weight, Slot bias, int64_t layer) const {
    const checkpoint::ArrayView* array = find(weight, layer);
    if (!array) return {};
    return {store_.matrix(*array, transposed(weight), models::weight_name(model_, weight, layer)), vector(bias, layer)};
  }

  Linear linear(Slot weight, int64_t layer, int64_t expert = -1) const {
    const checkpoint::ArrayView* array = find(weight, layer, expert);
    return array ? Linear{store_.matrix(*array, false, models::weight_name(model_, weight, layer, expert)), {}} : Linear{};
  }

  /// Rows of a weight that holds several matrices; `turned`: as the matrix that maps the other way.
  kernels::WeightMatrix part(Slot weight, int64_t layer, int64_t first, int64_t count, bool turned = false) const {
    return store_.matrix(rows_of(*find(weight, layer), first, count), turned, models::weight_name(model_, weight, layer));
  }

  /// A fused weight of q, k and v with its rows in that order.
  Linear fused_qkv(int64_t layer) const {
    const models::DecoderSpec& spec = model_.spec;
    if (!spec.qkv_by_group || spec.kv_heads == 1) return linear(Slot::kQkv, Slot::kQkvBias, layer);
    const std::vector<int64_t> rows = group_order(spec);
    const std::vector<float> bias = vector(Slot::kQkvBias, layer);
    Linear made{store_.reordered(*find(Slot::kQkv, layer), rows, models::weight_name(model_, Slot::kQkv, layer)), {}};
    if (!bias.empty())
      for (int64_t row : rows) made.bias.push_back(bias[static_cast<size_t>(row)]);
    return made;
  }

  /// Of queries or keys; where every head has weights of its own, those of all heads after one another.
  Norm qk_norm(Slot weight, int64_t layer) const {
    const models::DecoderSpec& spec = model_.spec;
    if (spec.qk_norm != models::QkNorm::kEachHead) return norm(weight, layer);
    Norm made;
    for (int64_t h = 0; h < (weight == Slot::kQNorm ? spec.heads : spec.kv_heads); ++h) {
      const std::vector<float> one = checkpoint::to_f32(*find(weight, layer, h), models::weight_name(model_, weight, layer, h));
      made.weight.insert(made.weight.end(), one.begin(), one.end());
    }
    return made;
  }
  Norm norm(Slot weight, Slot bias, int64_t layer) const {
    Norm made = norm(weight, layer);
    made.bias = vector(bias, layer);
    return made;
  }
  Norm norm(Slot weight, int64_t layer) const {
    Norm made{vector(weight, layer), {}};
    for (float& w : made.weight) w += static_cast<float>(model_.spec.norm_offset);
    return made;
  }

 private:
  bool transposed(Slot slot) const {
    return std::any_of(model_.slots.begin(), model_.slots.end(),
                       [&](const models::SlotName& s) { return s.slot == slot && s.transposed; });
  }

  const models::DecoderModel& model_;
  const checkpoint::Checkpoint& weights_;
  WeightStore& store_;
};

}  // namespace athanor::engine

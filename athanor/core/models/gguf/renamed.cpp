// The layouts of today's converter, and those that files of before have: an expert's matrix by itself, DeepSeek's keys and values
// in one; and two that the converter makes on request: q, k and v in one matrix, an expert's gate and up in one.

#include "athanor/core/models/gguf/renamed.h"

#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/models/gguf/rope.h"
#include "athanor/core/models/gguf/tensors.h"

namespace athanor::models {
namespace {

using checkpoint::ArrayView;
using checkpoint::NamedArray;

class Renamer {
 public:
  Renamer(const checkpoint::GgufFile& file, const GgufArchitecture& architecture, const DecoderModel& decoder, MadeArrays& made)
      : file_(file), architecture_(architecture), decoder_(decoder), spec_(decoder.spec), made_(made) {
    for (const NamedArray& tensor : file.tensors) by_name_.emplace(tensor.name, &tensor.array);
  }

  std::vector<NamedArray> arrays() {
    std::vector<NamedArray> out;
    for (const WeightPlace& place : weight_places(decoder_)) out.push_back({weight_name(place), array_of(place)});
    for (const NamedArray& tensor : file_.tensors)
      if (!used_.contains(tensor.name) && !is_rope_tensor(tensor.name)) out.push_back(tensor);
    return out;
  }

 private:
  const ArrayView* find(const std::string& name) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return nullptr;
    used_.insert(name);
    return found->second;
  }
  const ArrayView& at(const std::string& name) {
    const ArrayView* array = find(name);
    if (!array) base::file_error("models.gguf", {base::cat(file_.path.string(), ": a tensor is missing"), base::cat("no ", name)});
    return *array;
  }
  void expect_shape(const std::string& name, const ArrayView& array, const std::vector<int64_t>& shape) const {
    if (array.shape != shape)
      base::file_error("models.gguf", {base::cat(file_.path.string(), ": tensor ", name, " has another shape than the keys say"),
                                       checkpoint::shape_text(array.shape), checkpoint::shape_text(shape)});
  }

  ArrayView array_of(const WeightPlace& place) {
    const Slot slot = place.row->slot;
    const std::string name = gguf_tensor_name(architecture_, spec_, slot, place.layer);
    ArrayView array = is_expert_slot(slot)      ? expert(name, place)
                      : slot == Slot::kKvUp     ? latent(name, place.layer)
                      : by_name_.contains(name) ? at(name)
                                                : part_of_fused(name, slot, place.layer);
    if (spec_.qk_norm == QkNorm::kEachHead && (slot == Slot::kQNorm || slot == Slot::kKNorm)) {
      expect_shape(name, array, {numbered_weights(spec_, *place.row), spec_.head_dim});
      array = slice(array, place.expert, place.expert + 1);
      array.shape = {spec_.head_dim};
    }
    expect_shape(name, array, weight_shape(decoder_, slot));
    const int64_t heads = architecture_.rotary == GgufRotary::kNeighbours ? rotating_heads(spec_, slot) : 0;
    if (heads > 0) array = ordered_rows(array, inverse(neighbours_of_halves(array.shape.front(), heads)), made_);
    return array;
  }

  /// q, k or v as rows of blk.N.attn_qkv.
  ArrayView part_of_fused(const std::string& name, Slot slot, int64_t layer) {
    const bool bias = slot == Slot::kQBias || slot == Slot::kKBias || slot == Slot::kVBias;
    const bool q = slot == Slot::kQ || slot == Slot::kQBias, k = slot == Slot::kK || slot == Slot::kKBias;
    const std::string fused = gguf_tensor_name(bias ? Slot::kQkvBias : Slot::kQkv, layer);
    if (!(q || k || slot == Slot::kV || slot == Slot::kVBias) || !by_name_.contains(fused)) return at(name);  // throws
    const int64_t queries = spec_.q_width(), keys = spec_.kv_width();
    std::vector<int64_t> shape = {queries + 2 * keys};
    if (!bias) shape.push_back(spec_.hidden);
    const ArrayView& array = at(fused);
    expect_shape(fused, array, shape);
    const int64_t begin = q ? 0 : k ? queries : queries + keys;
    return slice(array, begin, begin + (q ? queries : keys));
  }

  ArrayView expert(const std::string& name, const WeightPlace& place) {
    const Slot slot = place.row->slot;
    const std::string own = base::cat(name.substr(0, name.rfind("_exps")), ".", place.expert, ".weight");
    if (!by_name_.contains(name) && by_name_.contains(own)) return at(own);
    std::vector<int64_t> shape = weight_shape(decoder_, slot);
    const std::string both = base::cat("blk.", place.layer, ".ffn_gate_up_exps.weight");
    const bool fused = slot != Slot::kExpertDown && !by_name_.contains(name) && by_name_.contains(both);
    const ArrayView& stack = at(fused ? both : name);
    expect_shape(fused ? both : name, stack, {spec_.experts.count, fused ? 2 * shape[0] : shape[0], shape[1]});
    ArrayView matrix = slice(stack, place.expert, place.expert + 1);
    matrix.shape.erase(matrix.shape.begin());
    if (!fused) return matrix;
    return slot == Slot::kExpertGate ? slice(matrix, 0, shape[0]) : slice(matrix, shape[0], 2 * shape[0]);
  }

  /// For each head the plain keys' rows, turned back, and the values' rows.
  ArrayView latent(const std::string& whole, int64_t layer) {
    if (by_name_.contains(whole)) return at(whole);
    const auto [key_name, value_name] = gguf_latent_names(layer);
    const ArrayView &keys = at(key_name), &values = at(value_name);
    const int64_t heads = spec_.heads, rank = spec_.latent.kv_rank, plain = spec_.latent.plain_dim, size = spec_.value_size();
    expect_shape(key_name, keys, {heads, rank, plain});
    expect_shape(value_name, values, {heads, size, rank});
    const std::vector<float> k = to_f32(keys, key_name), v = to_f32(values, value_name);
    std::vector<float> out;
    out.reserve(k.size() + v.size());
    for (int64_t head = 0; head < heads; ++head) {
      for (int64_t row = 0; row < plain; ++row)
        for (int64_t c = 0; c < rank; ++c) out.push_back(k[static_cast<size_t>((head * rank + c) * plain + row)]);
      const auto first = v.begin() + head * size * rank;
      out.insert(out.end(), first, first + size * rank);
    }
    return made_like(keys, values, out, {heads * (plain + size), rank});
  }

  /// In the type of both where that is plain and one, else float32.
  ArrayView made_like(const ArrayView& a, const ArrayView& b, const std::vector<float>& numbers, std::vector<int64_t> shape) {
    const base::DType type = !a.blocks && !b.blocks && a.dtype == b.dtype ? a.dtype : base::DType::kF32;
    made_.push_back(encoded(numbers, checkpoint::block_format(base::dtype_name(type)), "attn_kv_b"));
    return {type, std::move(shape), made_.back()};
  }

  const checkpoint::GgufFile& file_;
  const GgufArchitecture& architecture_;
  const DecoderModel& decoder_;
  const DecoderSpec& spec_;
  MadeArrays& made_;
  std::unordered_map<std::string, const ArrayView*> by_name_;
  std::unordered_set<std::string> used_;
};

}  // namespace

std::vector<NamedArray> renamed_arrays(const checkpoint::GgufFile& file, const GgufArchitecture& architecture,
                                       const DecoderModel& decoder, MadeArrays& made) {
  return Renamer(file, architecture, decoder, made).arrays();
}

}  // namespace athanor::models

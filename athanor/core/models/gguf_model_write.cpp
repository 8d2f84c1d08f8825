// A model's arrays as tensors of GGUF: rows brought into the architecture's order, matrices turned to [out, in], experts stacked,
// numbers encoded as the mix says. Each tensor is made when its turn to be written comes.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/models/gguf/agreement.h"
#include "athanor/core/models/gguf/config.h"
#include "athanor/core/models/gguf/mix.h"
#include "athanor/core/models/gguf/rows.h"
#include "athanor/core/models/gguf/tensors.h"
#include "athanor/core/models/gguf_model.h"

namespace athanor::models {
namespace {

using checkpoint::ArrayView;
using checkpoint::BlockFormat;

constexpr const char* kGgufModelWriteWhere = "models.gguf";

/// Arrays of the model that become one tensor, one after the other, and what has to be done to each.
struct Source {
  std::string name;
  std::vector<ArrayView> arrays;
  bool transposed = false;
  RowOrder order = {};  // empty: rows stay
  double offset = 0;    // added to every number

  std::vector<std::byte> make(const BlockFormat& format) const {
    std::vector<std::byte> out = part(arrays.front(), format);
    for (size_t i = 1; i < arrays.size(); ++i) {
      const std::vector<std::byte> next = part(arrays[i], format);
      out.insert(out.end(), next.begin(), next.end());
    }
    return out;
  }

 private:
  std::vector<std::byte> part(const ArrayView& array, const BlockFormat& format) const {
    MadeArrays made;
    const ArrayView view = order.empty() ? array : ordered_rows(array, order, made);
    const bool same = view.blocks ? view.blocks == &format : format.plain == view.dtype;
    if (same && !transposed && offset == 0) return {view.bytes.begin(), view.bytes.end()};
    std::vector<float> values = to_f32(view, name);
    for (float& value : values) value += static_cast<float>(offset);
    if (transposed) values = models::transposed(values, view.shape[0], view.shape[1]);
    return encoded(values, format, name);
  }
};

/// Half of Slot::kKvUp: of each head the plain keys turned over, or the values.
std::vector<float> latent_half(const std::vector<float>& whole, const DecoderSpec& spec, bool keys) {
  const int64_t plain = spec.latent.plain_dim, rank = spec.latent.kv_rank, size = spec.value_size();
  const int64_t rows = keys ? plain : size, first = keys ? 0 : plain;
  std::vector<float> out;
  for (int64_t head = 0; head < spec.heads; ++head) {
    const auto begin = whole.begin() + (head * (plain + size) + first) * rank;
    const std::vector<float> part(begin, begin + rows * rank);
    const std::vector<float> laid = keys ? transposed(part, rows, rank) : part;
    out.insert(out.end(), laid.begin(), laid.end());
  }
  return out;
}

class ModelWriter {
 public:
  ModelWriter(const DecoderModel& model, const checkpoint::Checkpoint& arrays, const GgufMix& mix, checkpoint::GgufWriter& writer)
      : model_(model),
        spec_(model.spec),
        arrays_(arrays),
        mix_(mix),
        architecture_(architecture_of(*model.family)),
        writer_(writer) {}

  void add_all() {
    writer_.text("general.architecture", architecture_.name);
    writer_.integer("general.file_type", mix_.file_type);
    writer_.integer("general.quantization_version", 2);
    write_keys(spec_, architecture_, writer_);
    for (const WeightPlace& place : weight_places(model_))
      if (place.expert <= 0) add(*place.row, place.layer);  // the first of a stack stands for all
    check_agreement(model_, architecture_, writer_);
  }

 private:
  const ArrayView& array(Slot slot, int64_t layer, int64_t expert = -1) const {
    return *find_weight(model_, arrays_, slot, layer, expert);
  }

  void add(const SlotName& row, int64_t layer) {
    const int64_t stack = numbered_weights(spec_, row);
    const std::string theirs = weight_name(model_, row.slot, layer, stack > 0 ? 0 : -1);
    std::string name = gguf_tensor_name(architecture_, spec_, row.slot, layer);
    if (name.empty()) base::input_error(kGgufModelWriteWhere, {"GGUF has no place for a weight", theirs});
    if (row.slot == Slot::kKvUp) return add_latent(theirs, layer);
    Source source{.name = theirs, .arrays = {}, .transposed = row.transposed};
    for (int64_t i = 0; i < std::max<int64_t>(stack, 1); ++i) source.arrays.push_back(array(row.slot, layer, stack > 0 ? i : -1));
    std::vector<int64_t> shape = source.arrays.front().shape;
    source.order = order_of(row.slot, shape.front());
    if (is_norm_slot(row.slot)) source.offset = spec_.norm_offset;
    if (row.transposed) std::reverse(shape.begin(), shape.end());
    if (stack > 0) shape.insert(shape.begin(), stack);
    const BlockFormat& format = format_of(mix_, place_of(row.slot, layer, shape.back()));
    writer_.tensor(std::move(name), std::move(shape), format,
                   [source = std::move(source), &format] { return source.make(format); });
  }

  RowOrder order_of(Slot slot, int64_t rows) const {
    const bool fused = slot == Slot::kQkv || slot == Slot::kQkvBias;
    if (fused && spec_.qkv_by_group && spec_.kv_heads > 1) return whole_of_groups(spec_);
    const int64_t heads = architecture_.rotary == GgufRotary::kNeighbours ? rotating_heads(spec_, slot) : 0;
    return heads > 0 ? neighbours_of_halves(rows, heads) : RowOrder();
  }

  TensorPlace place_of(Slot slot, int64_t layer, int64_t columns) const {
    const bool is_head = slot == Slot::kHead || (slot == Slot::kTokenEmbedding && spec_.tied_head);
    return {slot, layer, spec_.layers, columns, is_head, spec_.experts.count};
  }

  void add_latent(const std::string& theirs, int64_t layer) {
    const ArrayView& whole = array(Slot::kKvUp, layer);
    const LatentSpec& latent = spec_.latent;
    const auto [keys, values] = gguf_latent_names(layer);
    const auto add_half = [&](const std::string& name, bool is_keys, std::vector<int64_t> shape) {
      const BlockFormat& format = format_of(mix_, place_of(Slot::kKvUp, layer, shape.back()));
      writer_.tensor(name, std::move(shape), format, [whole, theirs, is_keys, &format, spec = spec_] {
        return encoded(latent_half(to_f32(whole, theirs), spec, is_keys), format, theirs);
      });
    };
    add_half(keys, true, {spec_.heads, latent.kv_rank, latent.plain_dim});
    add_half(values, false, {spec_.heads, spec_.value_size(), latent.kv_rank});
  }

  const DecoderModel& model_;
  const DecoderSpec& spec_;
  const checkpoint::Checkpoint& arrays_;
  const GgufMix& mix_;
  const GgufArchitecture& architecture_;
  checkpoint::GgufWriter& writer_;
};

}  // namespace

std::vector<const char*> gguf_types() {
  std::vector<const char*> names;
  for (const GgufMix& mix : gguf_mixes()) names.push_back(mix.name);
  return names;
}

void add_gguf_model(const DecoderModel& model, const checkpoint::Checkpoint& arrays, std::string_view type,
                    checkpoint::GgufWriter& writer) {
  std::string known;
  for (const GgufMix& mix : gguf_mixes()) {
    if (type == mix.name) return ModelWriter(model, arrays, mix, writer).add_all();
    known += base::cat(known.empty() ? "" : ", ", mix.name);
  }
  base::input_error(kGgufModelWriteWhere, {"unknown type of GGUF", std::string(type), "one of " + known});
}

}  // namespace athanor::models

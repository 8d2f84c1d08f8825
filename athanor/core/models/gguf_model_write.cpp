// A model's arrays as tensors of GGUF: rows brought into the architecture's order, matrices turned to [out, in], numbers encoded as
// the mix says. Each tensor is made when its turn to be written comes.

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/models/gguf/config.h"
#include "athanor/core/models/gguf/mix.h"
#include "athanor/core/models/gguf/rows.h"
#include "athanor/core/models/gguf_model.h"

namespace athanor::models {
namespace {

using checkpoint::ArrayView;
using checkpoint::BlockFormat;

constexpr const char* kGgufModelWriteWhere = "models.gguf";

std::vector<std::byte> encoded_as(const std::vector<float>& values, const BlockFormat& format, const std::string& name) {
  if (!std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); }))
    base::file_error(kGgufModelWriteWhere,
                     {base::cat("array \"", name, "\" holds infinity or not-a-number"), "", "finite weights"});
  const auto blocks = static_cast<int64_t>(values.size()) / format.values;
  std::vector<std::byte> bytes(static_cast<size_t>(blocks * format.bytes));
  base::parallel_for(blocks, std::max<int64_t>(1, 16'384 / format.values), [&](int64_t begin, int64_t end) {
    format.encode(values.data() + begin * format.values, end - begin, bytes.data() + begin * format.bytes);
  });
  return bytes;
}

/// One array of the model and what has to be done to it.
struct Source {
  ArrayView array;
  std::string name;
  bool transposed;
  int64_t turned_heads;  // 0: rows stay

  std::vector<std::byte> make(const BlockFormat& format) const {
    MadeArrays made;
    const ArrayView view = turned_heads > 0 ? turned_rows(array, turned_heads, GgufRotary::kNeighbours, made) : array;
    const bool same = view.blocks ? view.blocks == &format : format.plain == view.dtype;
    if (same && !transposed) return {view.bytes.begin(), view.bytes.end()};
    std::vector<float> values = to_f32(view, name);
    if (transposed) values = models::transposed(values, view.shape[0], view.shape[1]);
    return encoded_as(values, format, name);
  }
};

class ModelWriter {
 public:
  ModelWriter(const DecoderModel& model, const checkpoint::Checkpoint& arrays, const GgufMix& mix, checkpoint::GgufWriter& writer)
      : model_(model), arrays_(arrays), mix_(mix), architecture_(architecture_of(*model.family)), writer_(writer) {}

  void add_all() {
    writer_.text("general.architecture", architecture_.name);
    writer_.integer("general.file_type", mix_.file_type);
    writer_.integer("general.quantization_version", 2);
    write_keys(model_.spec, architecture_, writer_);
    for (const SlotName& row : model_.slots) {
      const bool per_layer = std::string_view(row.name).find("{}") != std::string_view::npos;
      for (int64_t layer = 0; layer < (per_layer ? model_.spec.layers : 1); ++layer) add(row, layer);
    }
  }

 private:
  void add(const SlotName& row, int64_t layer) {
    const std::string name = gguf_tensor_name(row.slot, layer);
    if (name.empty())
      base::input_error(kGgufModelWriteWhere, {"GGUF has no place for a weight", weight_name(model_, row.slot, layer)});
    const ArrayView& array = *find_weight(model_, arrays_, row.slot, layer);
    Source source{array, weight_name(model_, row.slot, layer), row.transposed, 0};
    if (architecture_.rotary == GgufRotary::kNeighbours) source.turned_heads = rotating_heads(model_.spec, row.slot);
    std::vector<int64_t> shape = array.shape;
    if (row.transposed) std::reverse(shape.begin(), shape.end());
    const bool is_head = row.slot == Slot::kHead || (row.slot == Slot::kTokenEmbedding && model_.spec.tied_head);
    const BlockFormat& format = format_of(mix_, {row.slot, layer, model_.spec.layers, shape.back(), is_head});
    writer_.tensor(name, std::move(shape), format, [source = std::move(source), &format] { return source.make(format); });
  }

  const DecoderModel& model_;
  const checkpoint::Checkpoint& arrays_;
  const GgufMix& mix_;
  const GgufArchitecture& architecture_;
  checkpoint::GgufWriter& writer_;
};

/// GGUF has no key for the activation: what reads the file takes the family's own.
void check_activation(const DecoderModel& model) {
  const bool silu = model.spec.gated && model.spec.activation == Activation::kSilu;
  const bool gelu = !model.spec.gated && model.spec.activation == Activation::kGeluTanh;
  if (!silu && !gelu)
    base::input_error(kGgufModelWriteWhere,
                      {"GGUF cannot hold this model: its activation is not the one its family has there", model.family->name});
}

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
    if (type == mix.name) {
      check_activation(model);
      return ModelWriter(model, arrays, mix, writer).add_all();
    }
    known += base::cat(known.empty() ? "" : ", ", mix.name);
  }
  base::input_error(kGgufModelWriteWhere, {"unknown type of GGUF", std::string(type), "one of " + known});
}

}  // namespace athanor::models

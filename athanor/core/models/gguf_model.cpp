#include "athanor/core/models/gguf_model.h"

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/models/gguf/config.h"
#include "athanor/core/models/gguf/renamed.h"
#include "athanor/core/models/gguf/tensors.h"

namespace athanor::models {
namespace {

using checkpoint::ArrayView;
using checkpoint::GgufFile;
using checkpoint::NamedArray;

struct Storage {
  std::shared_ptr<const void> file;
  MadeArrays made;
};

/// The spec's own checks speak of config.json; the reader of a GGUF file wants to know which file.
DecoderModel decoder_of(const GgufFile& file, const base::Json& config) {
  try {
    DecoderModel decoder = decoder_from_config(config);
    for (SlotName& row : decoder.slots) row.transposed = false;
    decoder.spec.qkv_by_group = false;
    decoder.spec.norm_offset = 0;
    return decoder;
  } catch (const base::Error& error) {
    base::file_error("models.gguf", {base::cat(file.path.string(), ": no model that can be run"), error.what()});
  }
}

std::vector<std::byte> plain_bytes(const std::vector<float>& values, base::DType dtype) {
  const checkpoint::BlockFormat& format = checkpoint::block_format(base::dtype_name(dtype));
  std::vector<std::byte> bytes(values.size() * static_cast<size_t>(format.bytes));
  format.encode(values.data(), static_cast<int64_t>(values.size()), bytes.data());
  return bytes;
}

/// Brings arrays of a file into the layout that folders have.
class Restorer {
 public:
  explicit Restorer(const base::Json& config) : model_(decoder_from_config(config)) {
    for (const WeightPlace& place : weight_places(model_)) rows_.emplace(weight_name(place), place.row);
    if (model_.spec.qkv_by_group && model_.spec.kv_heads > 1) groups_ = inverse(whole_of_groups(model_.spec));
  }

  /// `view` becomes the array in `type`; what is made is kept in `storage`.
  void restore(const std::string& name, ArrayView& view, base::DType type, std::vector<std::vector<std::byte>>& storage) const {
    const auto found = rows_.find(name);
    const SlotName* row = found == rows_.end() ? nullptr : found->second;
    const bool fused = row && (row->slot == Slot::kQkv || row->slot == Slot::kQkvBias);
    MadeArrays made;
    if (fused && !groups_.empty()) view = ordered_rows(view, groups_, made);
    const double offset = row && is_norm_slot(row->slot) ? model_.spec.norm_offset : 0;
    const bool turns = row && row->transposed;
    if (view.blocks || turns || offset != 0 || type != view.dtype) {
      std::vector<float> values = to_f32(view, name);
      for (float& value : values) value -= static_cast<float>(offset);
      if (turns) {
        values = transposed(values, view.shape[0], view.shape[1]);
        std::swap(view.shape[0], view.shape[1]);
      }
      made.push_back(plain_bytes(values, type));
    }
    if (made.empty()) return;
    storage.push_back(std::move(made.back()));
    view = {type, view.shape, storage.back()};
  }

 private:
  DecoderModel model_;
  std::unordered_map<std::string, const SlotName*> rows_;
  RowOrder groups_;  // empty: rows of q, k and v stay
};

}  // namespace

GgufModel gguf_model(GgufFile file) {
  GgufModel model{std::move(file), {}, {}};
  const GgufContents contents = contents_of(model.file);
  const GgufArchitecture& architecture = architecture_of(contents);
  model.folder.path = model.file.path;
  model.folder.config = std::make_shared<base::Json>(config_of_gguf(contents, architecture));
  model.folder.generation_config = std::make_shared<base::Json>(generation_config_of_gguf(model.file.metadata));
  model.decoder = decoder_of(model.file, *model.folder.config);
  auto storage = std::make_shared<Storage>(Storage{model.file.storage, {}});
  std::vector<NamedArray> arrays = renamed_arrays(model.file, architecture, model.decoder, storage->made);
  model.folder.weights = checkpoint::Checkpoint::of(model.file.path, std::move(arrays), std::move(storage));
  return model;
}

GgufModel open_gguf_model(const std::filesystem::path& path) { return gguf_model(GgufFile::open(path)); }

std::vector<NamedArray> folder_arrays(const GgufModel& model, std::optional<base::DType> dtype,
                                      std::vector<std::vector<std::byte>>& storage) {
  const Restorer restorer(*model.folder.config);
  std::vector<NamedArray> out;
  for (const NamedArray& array : model.folder.weights.arrays()) {
    out.push_back(array);
    ArrayView& view = out.back().array;
    restorer.restore(array.name, view, dtype.value_or(view.blocks ? base::DType::kBF16 : view.dtype), storage);
  }
  return out;
}

}  // namespace athanor::models

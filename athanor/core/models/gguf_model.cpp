#include "athanor/core/models/gguf_model.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/models/gguf/config.h"
#include "athanor/core/models/gguf/rope.h"
#include "athanor/core/models/gguf/rows.h"

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
    return decoder;
  } catch (const base::Error& error) {
    base::file_error("models.gguf", {base::cat(file.path.string(), ": no model that can be run"), error.what()});
  }
}

class Renamer {
 public:
  Renamer(const GgufFile& file, const GgufArchitecture& architecture, const DecoderModel& decoder, MadeArrays& made)
      : file_(file), architecture_(architecture), decoder_(decoder), made_(made) {}

  /// The arrays under Hugging Face's names; tensors that are nobody's keep theirs, at the end.
  std::vector<NamedArray> arrays() {
    for (const NamedArray& tensor : file_.tensors) left_.push_back(&tensor);
    for (const SlotName& row : decoder_.slots) {
      const bool per_layer = std::string_view(row.name).find("{}") != std::string_view::npos;
      for (int64_t layer = 0; layer < (per_layer ? decoder_.spec.layers : 1); ++layer) add(row.slot, layer);
    }
    for (const NamedArray* tensor : left_)
      if (!is_rope_tensor(tensor->name)) arrays_.push_back(*tensor);
    return std::move(arrays_);
  }

 private:
  void add(Slot slot, int64_t layer) {
    const std::string name = gguf_tensor_name(slot, layer);
    auto found = std::find_if(left_.begin(), left_.end(), [&](const NamedArray* tensor) { return tensor->name == name; });
    if (found == left_.end())
      base::file_error("models.gguf", {base::cat(file_.path.string(), ": a tensor is missing"), base::cat("no ", name)});
    ArrayView array = (*found)->array;
    left_.erase(found);
    const int64_t heads = architecture_.rotary == GgufRotary::kNeighbours ? rotating_heads(decoder_.spec, slot) : 0;
    if (heads > 0 && array.shape.front() == heads * decoder_.spec.head_dim)
      array = turned_rows(array, heads, GgufRotary::kHalves, made_);
    arrays_.push_back({weight_name(decoder_, slot, layer), std::move(array)});
  }

  const GgufFile& file_;
  const GgufArchitecture& architecture_;
  const DecoderModel& decoder_;
  MadeArrays& made_;
  std::vector<const NamedArray*> left_;
  std::vector<NamedArray> arrays_;
};

bool is_transposed(const DecoderModel& model, const std::string& name) {
  for (const SlotName& row : model.slots) {
    if (!row.transposed) continue;
    for (int64_t layer = 0; layer < model.spec.layers; ++layer)
      if (weight_name(model, row.slot, layer) == name) return true;
  }
  return false;
}

std::vector<std::byte> encoded(const std::vector<float>& values, base::DType dtype) {
  const checkpoint::BlockFormat& format = checkpoint::block_format(base::dtype_name(dtype));
  std::vector<std::byte> bytes(values.size() * static_cast<size_t>(format.bytes));
  format.encode(values.data(), static_cast<int64_t>(values.size()), bytes.data());
  return bytes;
}

}  // namespace

GgufModel open_gguf_model(const std::filesystem::path& path) {
  GgufModel model{GgufFile::open(path), {}, {}};
  const GgufArchitecture& architecture = architecture_of(model.file);
  model.folder.path = path;
  model.folder.config = std::make_shared<base::Json>(config_of_gguf(model.file, architecture));
  model.folder.generation_config = std::make_shared<base::Json>(generation_config_of_gguf(model.file));
  model.decoder = decoder_of(model.file, *model.folder.config);
  auto storage = std::make_shared<Storage>(Storage{model.file.storage, {}});
  std::vector<NamedArray> arrays = Renamer(model.file, architecture, model.decoder, storage->made).arrays();
  model.folder.weights = checkpoint::Checkpoint::of(path, std::move(arrays), std::move(storage));
  return model;
}

std::vector<NamedArray> folder_arrays(const GgufModel& model, std::optional<base::DType> dtype,
                                      std::vector<std::vector<std::byte>>& storage) {
  const DecoderModel stored = decoder_from_config(*model.folder.config);
  std::vector<NamedArray> out;
  for (const NamedArray& array : model.folder.weights.arrays()) {
    out.push_back(array);
    ArrayView& view = out.back().array;
    const bool turns = is_transposed(stored, array.name);
    const base::DType type = dtype.value_or(view.blocks ? base::DType::kBF16 : view.dtype);
    if (!view.blocks && !turns && type == view.dtype) continue;
    std::vector<float> values = to_f32(view, array.name);
    if (turns) {
      values = transposed(values, view.shape[0], view.shape[1]);
      std::swap(view.shape[0], view.shape[1]);
    }
    storage.push_back(encoded(values, type));
    view = {type, view.shape, storage.back()};
  }
  return out;
}

}  // namespace athanor::models

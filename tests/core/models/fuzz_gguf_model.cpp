#include "athanor/core/models/gguf_model.h"
#include "tests/testing/fuzz.h"

using namespace athanor;
using namespace athanor::models;

// A file that was taken holds every weight of the model that its keys describe, in that model's shapes, becomes a folder's
// arrays, and can be written again or says why not.
ATH_FUZZ_TARGET(gguf_model) {
  const GgufModel model = gguf_model(checkpoint::GgufFile::read(std::as_bytes(std::span(input.data(), input.size())), "fuzz.gguf"));
  for (const WeightPlace& place : weight_places(model.decoder)) {
    const checkpoint::ArrayView* array = model.folder.weights.find(weight_name(place));
    ATH_FUZZ_CHECK(array && array->shape == weight_shape(model.decoder, place.row->slot));
    ATH_FUZZ_CHECK(array->bytes.size() <= input.size());
  }
  std::vector<std::vector<std::byte>> storage;
  for (const checkpoint::NamedArray& array : folder_arrays(model, base::DType::kF32, storage))
    ATH_FUZZ_CHECK(array.array.bytes.size() == static_cast<size_t>(array.array.count()) * sizeof(float));
  checkpoint::GgufWriter writer;
  add_gguf_model(model.decoder, model.folder.weights, "f32", writer);
  for (const checkpoint::NamedArray& array : model.file.tensors)
    if (const auto* tensor = writer.find(array.name)) ATH_FUZZ_CHECK(tensor->make().size() == tensor->bytes);
}

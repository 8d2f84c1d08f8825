// Weights in from a checkpoint and out as named arrays.

#include <ATen/core/grad_mode.h>

#include <string_view>
#include <unordered_map>

#include "athanor/core/base/error.h"
#include "athanor/learn/nn/arrays.h"
#include "athanor/learn/nn/decoder.h"

namespace athanor::nn {
namespace {

NamedWeights gather(Module& module, std::optional<at::ScalarType> type) {
  NamedWeights weights;
  for (auto& [name, parameter] : module.named_parameters()) {
    at::Tensor value = parameter->detach().to(at::kCPU);
    if (type) value = value.to(*type);
    value = value.contiguous();
    weights.arrays.push_back({name, array_over(value)});
    weights.storage.push_back(std::move(value));
  }
  return weights;
}

}  // namespace

void load_weights(Decoder& decoder, const checkpoint::Checkpoint& weights) {
  at::NoGradGuard no_grad;
  const models::DecoderModel& model = decoder.model();
  auto parameters = decoder.named_parameters();
  std::unordered_map<std::string_view, at::Tensor*> by_name;
  for (auto& [name, parameter] : parameters) by_name[name] = parameter;
  for (const models::WeightPlace& place : models::weight_places(model)) {
    const checkpoint::ArrayView* array = models::find_weight(model, weights, place.row->slot, place.layer, place.expert);
    const auto found = by_name.find(models::weight_name(place));
    base::expect(array && found != by_name.end(), "nn.decoder", "a slot without a weight or a parameter");
    found->second->copy_(tensor_over(*array));
    weights.drop(*array);
  }
}

NamedWeights weights_of(Module& module) { return gather(module, {}); }
NamedWeights weights_of(Module& module, base::DType dtype) { return gather(module, scalar_type_of(dtype)); }

}  // namespace athanor::nn

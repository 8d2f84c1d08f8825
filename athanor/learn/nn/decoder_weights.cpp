// Weights in from a checkpoint and out as named arrays.

#include <ATen/core/grad_mode.h>

#include <string_view>

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
  for (const models::SlotName& row : model.slots) {
    if (row.slot == models::Slot::kHead && model.spec.tied_head) continue;
    const bool per_layer = std::string_view(row.name).find("{}") != std::string_view::npos;
    for (int64_t layer = per_layer ? 0 : -1; layer < (per_layer ? model.spec.layers : 0); ++layer) {
      const checkpoint::ArrayView* array = models::find_weight(model, weights, row.slot, layer);
      const std::string name = models::weight_name(model, row.slot, layer);
      auto found = std::find_if(parameters.begin(), parameters.end(), [&](const auto& p) { return p.first == name; });
      base::expect(array && found != parameters.end(), "nn.decoder", "a slot without a weight or a parameter");
      found->second->copy_(tensor_over(*array));
    }
  }
}

NamedWeights weights_of(Module& module) { return gather(module, {}); }
NamedWeights weights_of(Module& module, base::DType dtype) { return gather(module, scalar_type_of(dtype)); }

}  // namespace athanor::nn

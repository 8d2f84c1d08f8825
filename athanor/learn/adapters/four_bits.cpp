#include "athanor/learn/adapters/four_bits.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <unordered_map>

#include "athanor/core/base/error.h"
#include "athanor/core/models/module_names.h"
#include "athanor/learn/adapters/matrices.h"
#include "athanor/learn/adapters/targets.h"
#include "athanor/learn/nn/arrays.h"

namespace athanor::adapters {
namespace {

using ArraysByName = std::unordered_map<std::string, const checkpoint::ArrayView*>;

ArraysByName arrays_of_model(const models::DecoderModel& model, const checkpoint::Checkpoint& weights) {
  ArraysByName arrays;
  for (const models::WeightPlace& place : models::weight_places(model))
    arrays[models::weight_name(place)] = models::find_weight(model, weights, place.row->slot, place.layer, place.expert);
  return arrays;
}

/// Whether a module or one that it lies in is named.
bool lies_in(const std::string& path, const std::vector<std::string>& names) {
  for (size_t end = path.size(); end != path.npos && end > 0; end = path.rfind('.', end - 1))
    if (std::any_of(names.begin(), names.end(),
                    [&](const std::string& name) { return models::names_module(name, path.substr(0, end)); }))
      return true;
  return false;
}

/// Memory for a parameter that had only a shape, with its array's values.
void fill_parameter(at::Tensor& parameter, const checkpoint::ArrayView& array, at::Device device) {
  const bool learns = parameter.requires_grad();
  at::Tensor filled = at::empty(parameter.sizes(), parameter.options().device(device).requires_grad(false));
  filled.copy_(nn::tensor_over(array));
  parameter = filled.set_requires_grad(learns);
}

void expect_cpu(const nn::Decoder& decoder) {
  if (!decoder.options().device.is_cpu())
    base::input_error("adapters.nf4", {"quantized layers live on the CPU", "train.device: cuda", "train.device: cpu"});
}

}  // namespace

double nf4_bytes_per_number(bool double_quant) { return 0.5 + (double_quant ? 1.0 / 64 + 4.0 / 16384 : 4.0 / 64); }

std::vector<std::string> paths_for_four_bits(nn::Decoder& decoder) {
  const std::string head = head_path(decoder);
  std::vector<std::string> paths;
  decoder.walk([&](const std::string& path, nn::Module& module) {
    const bool in_head = !head.empty() && path.starts_with(head);  // what surgery put around it too
    if (!in_head && dynamic_cast<nn::Linear*>(&module) && !module.parameter("weight").requires_grad()) paths.push_back(path);
  });
  return paths;
}

void quantize_linears(nn::Decoder& decoder, bool double_quant) {
  at::NoGradGuard no_grad;
  for (const std::string& path : paths_for_four_bits(decoder)) {
    expect_cpu(decoder);
    nn::Module& linear = *decoder.find(path);
    const at::Tensor bias = linear.has_parameter("bias") ? linear.parameter("bias") : at::Tensor();
    const bool swapped = stored_swapped(linear);
    decoder.replace(path, std::make_unique<Nf4Linear>(quantize_nf4(dense_weight(linear), double_quant), bias, swapped));
  }
}

void load_four_bits(nn::Decoder& decoder, const checkpoint::Checkpoint& weights, const std::vector<std::string>& wide,
                    bool double_quant) {
  expect_cpu(decoder);
  at::NoGradGuard no_grad;
  const ArraysByName arrays = arrays_of_model(decoder.model(), weights);
  const auto array_of = [&](const std::string& name) -> const checkpoint::ArrayView& {
    const auto found = arrays.find(name);
    base::expect(found != arrays.end() && found->second, "adapters.nf4", "every parameter of a model has its array");
    return *found->second;
  };
  for (const std::string& path : paths_for_four_bits(decoder)) {
    if (lies_in(path, wide)) continue;
    nn::Module& linear = *decoder.find(path);
    at::Tensor bias;
    if (linear.has_parameter("bias")) fill_parameter(bias = linear.parameter("bias"), array_of(path + ".bias"), at::kCPU);
    const bool swapped = stored_swapped(linear);
    Nf4Matrix small = quantize_nf4(file_weight(decoder, weights, path), double_quant);
    decoder.replace(path, std::make_unique<Nf4Linear>(std::move(small), bias, swapped));
  }
  for (auto& [name, parameter] : decoder.named_parameters()) {
    if (!parameter->is_meta()) continue;
    fill_parameter(*parameter, array_of(name), decoder.options().device);
    weights.drop(array_of(name));
  }
}

at::Tensor file_weight(nn::Decoder& decoder, const checkpoint::Checkpoint& weights, const std::string& path) {
  const std::string name = path + ".weight", prefix = decoder.model().family->prefix;
  const checkpoint::ArrayView* array = weights.find(name);
  if (!array && name.starts_with(prefix)) array = weights.find(std::string_view(name).substr(prefix.size()));
  base::expect(array != nullptr, "adapters.nf4", "a linear layer's weight is in its files");
  const at::Tensor stored = nn::tensor_over(*array).to(at::kFloat, false, true);
  weights.drop(*array);
  return stored_swapped(*decoder.find(path)) ? stored.t() : stored;
}

}  // namespace athanor::adapters

#include "athanor/learn/adapters/adapter.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "athanor/learn/adapters/catalog.h"
#include "athanor/learn/adapters/four_bits.h"
#include "athanor/learn/adapters/targets.h"
#include "athanor/learn/nn/arrays.h"

namespace athanor::adapters {

std::unique_ptr<Adapter> attach_adapter(const AdapterContext& context) {
  check_options(context.options);
  freeze(context.decoder);
  if (context.weights)
    load_four_bits(context.decoder, *context.weights, context.options.modules_to_save, context.options.double_quant);
  auto adapter = base::find_row(methods(), context.options.method, "adapters.method").attach(context);
  if (context.options.quantize == "nf4") quantize_linears(context.decoder, context.options.double_quant);
  return adapter;
}

void write_adapter(const std::filesystem::path& folder, const Adapter& adapter, const std::vector<NamedTensor>& learned,
                   at::ScalarType type, const std::string& base_model) {
  std::vector<at::Tensor> storage;
  std::vector<checkpoint::NamedArray> arrays;
  for (const auto& [name, value] : adapter.arrays(learned)) {
    storage.push_back(value.detach().to(at::kCPU, type).contiguous());
    arrays.push_back({name, nn::array_over(storage.back())});
  }
  checkpoint::write_safetensors(folder / "adapter_model.safetensors", arrays);
  base::Json config = adapter.config();
  config["base_model_name_or_path"] = base_model;
  base::write_file(folder / "adapter_config.json", config.dump(2) + "\n");
}

}  // namespace athanor::adapters

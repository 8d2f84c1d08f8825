#include "athanor/core/models/adapter_keys.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/models/module_names.h"

namespace athanor::models {
namespace {

constexpr const char* kAdapterKeysWhere = "models.adapter";
constexpr std::string_view kPrefix = "base_model.model.";

struct Ending {
  std::string_view text;
  const checkpoint::ArrayView* ModuleArrays::*place;
  bool embedding;
};
constexpr Ending kLoraEndings[] = {{".lora_A.weight", &ModuleArrays::a, false},
                                   {".lora_B.weight", &ModuleArrays::b, false},
                                   {".lora_embedding_A", &ModuleArrays::a, true},
                                   {".lora_embedding_B", &ModuleArrays::b, true},
                                   {".lora_magnitude_vector", &ModuleArrays::magnitude, false}};
constexpr Ending kIa3Endings[] = {{".ia3_l", &ModuleArrays::scale, false}};

/// "embed_tokens.base_layer.weight", as PEFT writes arrays of the layers that it wrapped, is "embed_tokens.weight".
std::string without_base_layer(std::string key) {
  constexpr std::string_view kWrapped = "base_layer.";
  if (const size_t at = key.find(kWrapped); at != key.npos) key.erase(at, kWrapped.size());
  return key;
}

/// Whether the key was one of a module's own.
bool take(AdapterKeys& keys, const std::string& key, const checkpoint::ArrayView& array, std::span<const Ending> endings) {
  for (const Ending& ending : endings) {
    if (!key.ends_with(ending.text)) continue;
    ModuleArrays& arrays = keys.modules[key.substr(0, key.size() - ending.text.size())];
    arrays.*ending.place = &array;
    arrays.embedding |= ending.embedding;
    return true;
  }
  return false;
}

void check_pairs(const AdapterConfig& config, const AdapterKeys& keys, const std::string& name) {
  for (const auto& [module, arrays] : keys.modules) {
    if (config.kind == AdapterKind::kIa3) continue;
    if (!arrays.a || !arrays.b)
      base::file_error(kAdapterKeysWhere,
                       {base::cat(name, ": ", arrays.a ? "lora_B" : "lora_A", " is missing"), module, "both of a pair"});
    if (config.dora != (arrays.magnitude != nullptr))
      base::file_error(kAdapterKeysWhere, {base::cat(name, ": lora_magnitude_vector and use_dora do not agree"), module,
                                           config.dora ? "a vector for every pair" : "no vector where use_dora is not set"});
  }
}

}  // namespace

AdapterKeys sort_adapter_keys(const AdapterConfig& config, const checkpoint::Checkpoint& file, const std::string& name) {
  const bool ia3 = config.kind == AdapterKind::kIa3;
  AdapterKeys keys;
  for (const checkpoint::NamedArray& array : file.arrays()) {
    if (!array.name.starts_with(kPrefix))
      base::file_error(kAdapterKeysWhere,
                       {base::cat(name, ": a key without PEFT's prefix"), array.name, std::string(kPrefix) + "..."});
    const std::string key = array.name.substr(kPrefix.size());
    if (ia3 ? take(keys, key, array.array, kIa3Endings) : take(keys, key, array.array, kLoraEndings)) continue;
    if (key.find(".lora_") != key.npos || key.find(".ia3_") != key.npos)
      base::file_error(kAdapterKeysWhere, {base::cat(name, ": unknown key"), array.name,
                                           ia3 ? "ia3_l or a whole array" : "lora_A.weight, lora_B.weight or a whole array"});
    keys.whole.emplace_back(without_base_layer(key), &array.array);
  }
  if (keys.modules.empty())
    base::file_error(kAdapterKeysWhere,
                     {base::cat(name, ": no ", ia3 ? "IA3" : "LoRA", " weights, so the adapter would change nothing"), "",
                      ia3 ? "ia3_l" : "lora_A and lora_B"});
  check_pairs(config, keys, name);
  return keys;
}

void check_complete(const AdapterConfig& config, const AdapterKeys& keys, const checkpoint::Checkpoint& base,
                    const std::string& prefix, const std::string& name) {
  if (config.expression) return;
  for (const std::string& target : config.targets) {
    const auto ends_as = [&](const std::string& module) { return module == target || module.ends_with("." + target); };
    if (std::none_of(keys.modules.begin(), keys.modules.end(), [&](const auto& module) { return ends_as(module.first); }))
      base::file_error(kAdapterKeysWhere,
                       {base::cat(name, ": no weights for a target module"), target, "arrays for every name in target_modules"});
    for (const checkpoint::NamedArray& array : base.arrays()) {
      if (!config.every_layer || !array.name.ends_with(".weight") || array.array.shape.size() != 2) continue;
      const std::string module = array.name.substr(0, array.name.size() - 7);
      const std::string bare = module.starts_with(prefix) ? module.substr(prefix.size()) : module;
      if (ends_as(module) && !keys.modules.contains(module) && !keys.modules.contains(bare) &&
          !keys.modules.contains(prefix + module))
        base::file_error(kAdapterKeysWhere, {base::cat(name, ": a layer's weights are missing"), module, "arrays for every layer"});
    }
  }
}

}  // namespace athanor::models

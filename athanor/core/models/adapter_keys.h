#pragma once
// The arrays of adapter_model.safetensors, sorted by the module that they belong to. Private to the room.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "athanor/core/checkpoint/safetensors.h"
#include "athanor/core/models/adapter_config.h"

namespace athanor::models {

/// What an adapter holds for one module.
struct ModuleArrays {
  const checkpoint::ArrayView *a = nullptr, *b = nullptr, *magnitude = nullptr;  // LoRA; DoRA's magnitudes
  const checkpoint::ArrayView* scale = nullptr;                                  // IA3
  bool embedding = false;
};

struct AdapterKeys {
  std::map<std::string, ModuleArrays> modules;
  std::vector<std::pair<std::string, const checkpoint::ArrayView*>> whole;  // that replace the base's
};

/// file_error where a key has not PEFT's form, half of a pair is missing, or nothing is there. `name` is the file's.
AdapterKeys sort_adapter_keys(const AdapterConfig& config, const checkpoint::Checkpoint& file, const std::string& name);

/// Every module that target_modules names has its arrays, and every name a module; file_error otherwise.
void check_complete(const AdapterConfig& config, const AdapterKeys& keys, const checkpoint::Checkpoint& base,
                    const std::string& prefix, const std::string& name);

}  // namespace athanor::models

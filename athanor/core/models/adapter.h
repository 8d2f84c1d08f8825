#pragma once
// A PEFT adapter folder (adapter_config.json, adapter_model.safetensors) put into the weights that it was made for.

#include <filesystem>

#include "athanor/core/models/family.h"

namespace athanor::models {

/// The base's arrays with the adapter (LoRA, rsLoRA, DoRA, IA3) merged in; only what it changes is copied. `weight` multiplies what
/// a LoRA adds, so that several adapters can be merged one after the other. input_error where it is of a kind that cannot be
/// merged, file_error where it is broken or does not fit this base.
checkpoint::Checkpoint merge_adapter(const DecoderModel& model, const checkpoint::Checkpoint& base,
                                     const std::filesystem::path& folder, double weight = 1);

}  // namespace athanor::models

#pragma once
// A PEFT adapter folder (adapter_config.json, adapter_model.safetensors) put into the weights that it was made for.

#include <filesystem>

#include "athanor/core/models/family.h"

namespace athanor::models {

/// The base's arrays with the LoRA adapter merged in; only what it changes is copied. input_error where it is of a kind that is not
/// read, file_error where it is broken or does not fit this base.
checkpoint::Checkpoint merge_adapter(const DecoderModel& model, const checkpoint::Checkpoint& base,
                                     const std::filesystem::path& folder);

}  // namespace athanor::models

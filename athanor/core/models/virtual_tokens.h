#pragma once
// Positions that no text fills, in front of every sequence: what prompt tuning, P-tuning and prefix tuning learn, from PEFT's
// folder.

#include <filesystem>
#include <vector>

#include "athanor/core/models/family.h"

namespace athanor::models {

struct VirtualTokens {
  int64_t count = 0;              // 0: none
  std::vector<float> embeddings;  // [count, C], what stands in the place of (scaled) word embeddings; or
  std::vector<float> key_values;  // [count, 2 L, G, D]: of every layer its key, as attention reads it, then its value
};

/// Whether the adapter in `folder` is made of virtual tokens; another is merged (merge_adapter). Errors as read_adapter_config.
bool has_virtual_tokens(const std::filesystem::path& folder);

/// input_error where the model cannot take them, file_error where the file is broken or was made for another model.
VirtualTokens read_virtual_tokens(const DecoderModel& model, const std::filesystem::path& folder);

}  // namespace athanor::models

#pragma once
// What DeepSeek-V2 and V3 share: multi-head latent attention, a few dense layers, then many small experts beside shared ones.
// Internal to the room.

#include "athanor/core/models/llama_shape.h"

namespace athanor::models {

/// Everything but how experts are scored and chosen.
DecoderSpec read_deepseek_shape(const ConfigReader& reader, const LlamaDefaults& defaults);
Slots deepseek_slots(const DecoderSpec& spec);
base::Json deepseek_defaults(const base::Json& own);

}  // namespace athanor::models

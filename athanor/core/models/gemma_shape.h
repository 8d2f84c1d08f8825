#pragma once
// What Gemma 2 and 3 share: norms before and behind each part whose stored weight is w - 1, a gated GELU, an embedding scaled by
// sqrt(hidden_size), scores scaled by 1 / sqrt(query_pre_attn_scalar), optional soft caps. Internal to the room.

#include "athanor/core/models/llama_shape.h"

namespace athanor::models {

/// `attention_cap` and `logit_cap` count where the config has no such key; null is none.
DecoderSpec read_gemma_shape(const ConfigReader& reader, const LlamaDefaults& defaults, double attention_cap, double logit_cap);
Slots gemma_slots(const DecoderSpec& spec);
base::Json gemma_defaults(const base::Json& own);

}  // namespace athanor::models

#pragma once
// The keys of a new model's config.json with their defaults, in the words that transformers writes. Internal to the room.

#include "athanor/core/base/json.h"

namespace athanor::models {

/// What every decoder has (token ids, dtype, initializer_range), with a family's own keys over it.
base::Json decoder_defaults(const base::Json& own);
/// The same and what Llama's kin have: sizes, rotary positions, tying.
base::Json llama_defaults(const base::Json& own);

}  // namespace athanor::models

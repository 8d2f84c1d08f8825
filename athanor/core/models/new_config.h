#pragma once
// config.json of a new model, in the words that transformers writes. Internal to the room.

#include "athanor/core/base/json.h"

namespace athanor::models {

/// The user's keys over the family's defaults and over what every decoder has (token ids, dtype, tying, sizes of a Llama where the
/// defaults name none of their own). Keys are sorted as transformers sorts them; an unknown one is an input_error with the nearest.
/// rope_theta and rope_scaling are understood and become rope_parameters; a missing intermediate_size becomes 8/3 hidden_size,
/// rounded up to 64.
base::Json over_defaults(const base::Json& keys, const base::Json& defaults);

}  // namespace athanor::models

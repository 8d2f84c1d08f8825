#pragma once
// Whether a file says what a model is. Internal to the room.

#include "athanor/core/models/gguf/architectures.h"

namespace athanor::models {

/// Reads the keys and tensors of `writer` as if they were a file; input_error that lists what would come back as something else.
/// How weights lie (fused, grouped, norms less one) is no part of it.
void check_agreement(const DecoderModel& model, const GgufArchitecture& architecture, const checkpoint::GgufWriter& writer);

}  // namespace athanor::models

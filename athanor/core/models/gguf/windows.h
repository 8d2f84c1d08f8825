#pragma once
// Layers that see the latest positions alone: attention.sliding_window and, where it is not the architecture's own, the list of
// layers. Internal to the room.

#include "athanor/core/models/gguf/architectures.h"

namespace athanor::models {

/// sliding_window, layer_types and use_sliding_window of config.json, which has its number of layers already.
void read_windows(const GgufContents& file, const GgufArchitecture& architecture, base::Json& config);
/// The keys, with a warning where llama.cpp is known to pass over them; input_error where windows differ in length.
void write_windows(const DecoderSpec& spec, const GgufArchitecture& architecture, checkpoint::GgufWriter& writer);

}  // namespace athanor::models

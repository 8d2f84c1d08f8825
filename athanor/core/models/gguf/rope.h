#pragma once
// Rotary positions in GGUF: keys rope.* and, for the ways that scale every frequency by itself, tensors of factors. Internal to the
// room.

#include "athanor/core/checkpoint/gguf.h"
#include "athanor/core/checkpoint/gguf_write.h"
#include "athanor/core/models/gguf/architectures.h"

namespace athanor::models {

/// rope_parameters of config.json. `dims` numbers of a head rotate.
base::Json rope_of_gguf(const GgufContents& file, const std::string& architecture, int64_t dims, int64_t max_positions);
/// The keys and tensors of factors; input_error where GGUF cannot say it.
void write_rope(const DecoderSpec& spec, const std::string& architecture, checkpoint::GgufWriter& writer);
/// Tensors of factors are no weights.
bool is_rope_tensor(std::string_view name);

}  // namespace athanor::models

#pragma once
// Which block format each tensor of a written GGUF file gets. Internal to the room.

#include <string_view>
#include <vector>

#include "athanor/core/checkpoint/block_format.h"
#include "athanor/core/models/family.h"

namespace athanor::models {

/// What --type names: the format of most matrices, and general.file_type, llama.cpp's number for the whole.
struct GgufMix {
  const char* name;
  const char* format;
  uint32_t file_type;
  bool more_for_some = false;  // the tensors that matter most get more bits
};
std::span<const GgufMix> gguf_mixes();

struct TensorPlace {
  Slot slot;
  int64_t layer, layers, columns;
  bool is_head;     // the output matrix, or the embedding that serves as it
  int64_t experts;  // of the model
};
const checkpoint::BlockFormat& format_of(const GgufMix& mix, const TensorPlace& place);

}  // namespace athanor::models

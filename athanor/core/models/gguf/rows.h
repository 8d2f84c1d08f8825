#pragma once
// Arrays whose numbers have to move or change between GGUF and Hugging Face. Internal to the room.

#include <deque>
#include <vector>

#include "athanor/core/checkpoint/array.h"
#include "athanor/core/models/gguf/architectures.h"

namespace athanor::models {

/// Keeps the bytes of arrays that were made.
using MadeArrays = std::deque<std::vector<std::byte>>;

/// Rows of q or k (or their biases), head by head: {0, 1, 2 ...} of `halves` become those of neighbours, or the other way. Rows
/// move whole, so blocks stay as they are.
checkpoint::ArrayView turned_rows(const checkpoint::ArrayView& array, int64_t heads, GgufRotary to, MadeArrays& made);

/// [rows, columns] -> [columns, rows].
std::vector<float> transposed(const std::vector<float>& values, int64_t rows, int64_t columns);

/// How many heads the rows of this slot are, where they rotate; 0 where they do not.
int64_t rotating_heads(const DecoderSpec& spec, Slot slot);

}  // namespace athanor::models

#pragma once
// Arrays whose numbers have to move or change between GGUF and Hugging Face. Internal to the room.

#include <deque>
#include <vector>

#include "athanor/core/checkpoint/array.h"
#include "athanor/core/models/gguf/architectures.h"

namespace athanor::models {

/// Keeps the bytes of arrays that were made.
using MadeArrays = std::deque<std::vector<std::byte>>;

/// Row i of the result is row order[i] of the source.
using RowOrder = std::vector<int64_t>;
RowOrder inverse(const RowOrder& order);
/// Rows whole, so blocks stay as they are.
checkpoint::ArrayView ordered_rows(const checkpoint::ArrayView& array, const RowOrder& order, MadeArrays& made);

/// Rows of q or k (or their biases) from halves to neighbours, head by head: 0, d/2, 1, d/2 + 1 ...
RowOrder neighbours_of_halves(int64_t rows, int64_t heads);
/// Rows of a fused q, k, v that lie group by group (the queries of a key head, its key, its value) to all q, all k, all v.
RowOrder whole_of_groups(const DecoderSpec& spec);

/// How many heads the rows of this slot are, where they rotate; 0 where they do not.
int64_t rotating_heads(const DecoderSpec& spec, Slot slot);

/// Rows begin .. end of a matrix or vector, where they lie.
checkpoint::ArrayView slice(const checkpoint::ArrayView& array, int64_t begin, int64_t end);

/// [rows, columns] -> [columns, rows].
std::vector<float> transposed(const std::vector<float>& values, int64_t rows, int64_t columns);

/// The bytes of numbers in a format whose blocks divide them; file_error with `name` where one is not finite.
std::vector<std::byte> encoded(const std::vector<float>& values, const checkpoint::BlockFormat& format, const std::string& name);

}  // namespace athanor::models

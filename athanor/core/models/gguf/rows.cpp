#include "athanor/core/models/gguf/rows.h"

#include <cstring>

namespace athanor::models {

checkpoint::ArrayView turned_rows(const checkpoint::ArrayView& array, int64_t heads, GgufRotary to, MadeArrays& made) {
  const int64_t rows = array.shape.front(), size = rows / heads;  // of a head
  const size_t row = array.bytes.size() / static_cast<size_t>(rows);
  std::vector<std::byte>& out = made.emplace_back(array.bytes.size());
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t head = r / size, pair = r % size;  // of neighbours: row 2j + half; of halves: row j + half * size / 2
    const int64_t neighbour = head * size + pair, half = head * size + pair / 2 + (pair % 2) * (size / 2);
    const auto [from, into] = to == GgufRotary::kNeighbours ? std::pair(half, neighbour) : std::pair(neighbour, half);
    std::memcpy(out.data() + static_cast<size_t>(into) * row, array.bytes.data() + static_cast<size_t>(from) * row, row);
  }
  checkpoint::ArrayView turned = array;
  turned.bytes = out;
  return turned;
}

std::vector<float> transposed(const std::vector<float>& values, int64_t rows, int64_t columns) {
  std::vector<float> out(values.size());
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) out[static_cast<size_t>(c * rows + r)] = values[static_cast<size_t>(r * columns + c)];
  return out;
}

int64_t rotating_heads(const DecoderSpec& spec, Slot slot) {
  if (slot == Slot::kQ || slot == Slot::kQBias) return spec.heads;
  if (slot == Slot::kK || slot == Slot::kKBias) return spec.kv_heads;
  return 0;
}

}  // namespace athanor::models

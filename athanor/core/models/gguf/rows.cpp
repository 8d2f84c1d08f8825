#include "athanor/core/models/gguf/rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/threads.h"

namespace athanor::models {

using checkpoint::ArrayView;

RowOrder inverse(const RowOrder& order) {
  RowOrder back(order.size());
  for (size_t i = 0; i < order.size(); ++i) back[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
  return back;
}

ArrayView ordered_rows(const ArrayView& array, const RowOrder& order, MadeArrays& made) {
  const size_t row = array.bytes.size() / order.size();
  std::vector<std::byte>& out = made.emplace_back(array.bytes.size());
  for (size_t i = 0; i < order.size(); ++i)
    std::memcpy(out.data() + i * row, array.bytes.data() + static_cast<size_t>(order[i]) * row, row);
  ArrayView view = array;
  view.bytes = out;
  return view;
}

RowOrder neighbours_of_halves(int64_t rows, int64_t heads) {
  const int64_t size = rows / heads;
  RowOrder order;
  for (int64_t head = 0; head < heads; ++head)
    for (int64_t i = 0; i < size; ++i) order.push_back(head * size + i / 2 + (i % 2) * (size / 2));
  return order;
}

RowOrder whole_of_groups(const DecoderSpec& spec) {
  const int64_t queries = spec.heads / spec.kv_heads, group = (queries + 2) * spec.head_dim;
  RowOrder order;
  const auto add = [&](int64_t first, int64_t heads) {  // of every group
    for (int64_t g = 0; g < spec.kv_heads; ++g)
      for (int64_t i = 0; i < heads * spec.head_dim; ++i) order.push_back(g * group + first * spec.head_dim + i);
  };
  add(0, queries);
  add(queries, 1);
  add(queries + 1, 1);
  return order;
}

int64_t rotating_heads(const DecoderSpec& spec, Slot slot) {
  if (slot == Slot::kQ || slot == Slot::kQBias) return spec.heads;
  if (slot == Slot::kK || slot == Slot::kKBias) return spec.kv_heads;
  return 0;
}

ArrayView slice(const ArrayView& array, int64_t begin, int64_t end) {
  const size_t row = array.bytes.size() / static_cast<size_t>(array.shape.front());
  ArrayView part = array;
  part.shape.front() = end - begin;
  part.bytes = array.bytes.subspan(static_cast<size_t>(begin) * row, static_cast<size_t>(end - begin) * row);
  return part;
}

std::vector<float> transposed(const std::vector<float>& values, int64_t rows, int64_t columns) {
  std::vector<float> out(values.size());
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) out[static_cast<size_t>(c * rows + r)] = values[static_cast<size_t>(r * columns + c)];
  return out;
}

std::vector<std::byte> encoded(const std::vector<float>& values, const checkpoint::BlockFormat& format, const std::string& name) {
  if (!std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); }))
    base::file_error("models.gguf", {base::cat("array \"", name, "\" holds infinity or not-a-number"), "", "finite weights"});
  const auto blocks = static_cast<int64_t>(values.size()) / format.values;
  std::vector<std::byte> bytes(static_cast<size_t>(blocks * format.bytes));
  base::parallel_for(blocks, std::max<int64_t>(1, 16'384 / format.values), [&](int64_t begin, int64_t end) {
    format.encode(values.data() + begin * format.values, end - begin, bytes.data() + begin * format.bytes);
  });
  return bytes;
}

}  // namespace athanor::models

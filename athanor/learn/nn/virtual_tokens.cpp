#include "athanor/learn/nn/virtual_tokens.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <vector>

namespace athanor::nn {
namespace {

at::Tensor plain_int(const at::Tensor& x) { return x.defined() ? x.to(at::kCPU, at::kInt).contiguous() : at::Tensor(); }

/// For each row, the positions where a sample begins.
std::vector<std::vector<int64_t>> beginnings(const at::Tensor& row_start, int64_t rows, int64_t length) {
  std::vector<std::vector<int64_t>> all(static_cast<size_t>(rows), {0});
  if (!row_start.defined()) return all;
  const int32_t* starts = row_start.const_data_ptr<int32_t>();
  for (int64_t b = 0; b < rows; ++b)
    for (int64_t t = 1; t < length; ++t)
      if (starts[b * length + t] == t) all[static_cast<size_t>(b)].push_back(t);
  return all;
}

}  // namespace

SpreadRows spread_rows(const at::Tensor& ids, const at::Tensor& positions, const at::Tensor& row_start, int64_t count) {
  const at::Tensor tokens = plain_int(ids), places = plain_int(positions);
  const int64_t rows = ids.size(0), length = ids.size(1);
  const auto begins = beginnings(plain_int(row_start), rows, length);
  size_t most = 1;
  for (const auto& row : begins) most = std::max(most, row.size());
  const int64_t wide = length + count * static_cast<int64_t>(most);

  SpreadRows out = {at::zeros({rows, wide}, at::kInt), at::zeros({rows, wide}, at::kInt), at::empty({rows, wide}, at::kInt),
                    at::full({rows, wide}, -1, at::kLong), at::empty({rows * length}, at::kLong)};
  for (int64_t b = 0; b < rows; ++b) {
    const int32_t* given_ids = tokens.const_data_ptr<int32_t>() + b * length;
    const int32_t* given_places = places.defined() ? places.const_data_ptr<int32_t>() + b * length : nullptr;
    int32_t* id = out.ids.data_ptr<int32_t>() + b * wide;
    int32_t* place = out.positions.data_ptr<int32_t>() + b * wide;
    int32_t* start = out.row_start.data_ptr<int32_t>() + b * wide;
    int64_t* index = out.virtual_index.data_ptr<int64_t>() + b * wide;
    const auto& samples = begins[static_cast<size_t>(b)];
    int64_t at = 0;
    for (size_t s = 0; s < samples.size(); ++s) {
      const int64_t from = samples[s], to = s + 1 < samples.size() ? samples[s + 1] : length, first = at;
      const int64_t moved = given_places ? given_places[from] : 0;
      for (int64_t i = 0; i < count; ++i, ++at)
        start[at] = static_cast<int32_t>(first), place[at] = static_cast<int32_t>(moved + i), index[at] = i;
      for (int64_t t = from; t < to; ++t, ++at) {
        start[at] = static_cast<int32_t>(first), id[at] = given_ids[t];
        place[at] = static_cast<int32_t>(count + (given_places ? given_places[t] : t));
        out.given.data_ptr<int64_t>()[b * length + t] = b * wide + at;
      }
    }
    for (const int64_t first = at; at < wide; ++at) start[at] = static_cast<int32_t>(first);
  }
  const at::Device device = ids.device();
  for (at::Tensor* tensor : {&out.ids, &out.positions, &out.row_start, &out.virtual_index, &out.given})
    *tensor = tensor->to(device);
  return out;
}

}  // namespace athanor::nn

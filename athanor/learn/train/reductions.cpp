#include "athanor/learn/train/reductions.h"

#include <ATen/ops/isfinite.h>
#include <ATen/ops/sum.h>

#include <algorithm>
#include <cmath>

#include "athanor/core/base/half.h"
#include "athanor/core/base/threads.h"

namespace athanor::train {
namespace {

constexpr int64_t kBlock = 4096;
constexpr int64_t kLanes = 16;

float widen(float value) { return value; }
float widen(uint16_t value) { return base::bf16_to_f32(value); }

/// Sixteen running sums, then a tree over them.
template <typename T>
double block_squares(const T* values, int64_t n) {
  float lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      float value = widen(values[i + lane]);
      lanes[lane] += value * value;
    }
  for (int64_t lane = 0; i < n; ++i, ++lane) lanes[lane] += widen(values[i]) * widen(values[i]);
  double wide[kLanes];
  std::copy(lanes, lanes + kLanes, wide);
  return pairwise_sum(wide);
}

template <typename T>
double squares(const T* values, int64_t n) {
  std::vector<double> blocks(static_cast<size_t>((n + kBlock - 1) / kBlock));
  base::parallel_for(static_cast<int64_t>(blocks.size()), 16, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) blocks[b] = block_squares(values + b * kBlock, std::min(kBlock, n - b * kBlock));
  });
  return pairwise_sum(blocks);
}

double squares_of(const at::Tensor& tensor) {
  if (!tensor.is_cpu()) return tensor.detach().to(at::kFloat).square().sum(at::kDouble).item<double>();
  if (tensor.scalar_type() == at::kFloat) return squares(tensor.const_data_ptr<float>(), tensor.numel());
  return squares(static_cast<const uint16_t*>(tensor.const_data_ptr()), tensor.numel());
}

}  // namespace

double pairwise_sum(std::span<const double> values) {
  if (values.size() <= 1) return values.empty() ? 0 : values[0];
  size_t half = std::size_t{1};
  while (half * 2 < values.size()) half *= 2;
  return pairwise_sum(values.first(half)) + pairwise_sum(values.subspan(half));
}

double sum_of_squares(const std::vector<at::Tensor>& tensors) {
  std::vector<double> sums;
  for (const at::Tensor& tensor : tensors)
    if (tensor.defined()) sums.push_back(squares_of(tensor));
  return pairwise_sum(sums);
}

bool all_finite(const at::Tensor& tensor) {
  if (std::isfinite(squares_of(tensor.contiguous()))) return true;
  return at::isfinite(tensor).all().item<bool>();  // finite, but the square is not
}

}  // namespace athanor::train

#include "athanor/learn/nn/rotary.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace athanor::nn {

Rotary::Rotary(const models::RopeSpec& rope, int64_t max_positions, at::Device device)
    : rope_(rope), max_positions_(max_positions), device_(device) {}

const RotaryTable& Rotary::table(int64_t length) {
  const bool by_length = models::rope_depends_on_length(rope_);
  if (by_length ? rows_ == length : rows_ >= length) return table_;
  rows_ = by_length ? length : static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(length)));

  const models::RopeFrequencies frequencies = models::rope_frequencies(rope_, max_positions_, length);
  const int64_t pairs = static_cast<int64_t>(frequencies.inverse.size());
  at::Tensor cos = at::empty({rows_, pairs}, at::kFloat), sin = at::empty({rows_, pairs}, at::kFloat);
  float *c = cos.data_ptr<float>(), *s = sin.data_ptr<float>();
  for (int64_t position = 0; position < rows_; ++position) {
    for (int64_t i = 0; i < pairs; ++i) {
      const float angle = static_cast<float>(position) * frequencies.inverse[i];  // in f32, as the references have it
      c[position * pairs + i] = static_cast<float>(std::cos(static_cast<double>(angle))) * frequencies.attention_factor;
      s[position * pairs + i] = static_cast<float>(std::sin(static_cast<double>(angle))) * frequencies.attention_factor;
    }
  }
  table_ = {cos.to(device_), sin.to(device_), rope_.interleaved};
  return table_;
}

}  // namespace athanor::nn

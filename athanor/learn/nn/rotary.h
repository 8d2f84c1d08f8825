#pragma once
// The rotary table of a spec, made as far as it is needed and kept.

#include "athanor/core/models/decoder_spec.h"
#include "athanor/learn/nn/functions.h"

namespace athanor::nn {

class Rotary {
 public:
  Rotary() = default;
  Rotary(const models::RopeSpec& rope, int64_t max_positions, at::Device device);
  /// A table with at least `length` rows, with the frequencies for a sequence of that length ("dynamic" depends on it).
  const RotaryTable& table(int64_t length);

 private:
  models::RopeSpec rope_;
  int64_t max_positions_ = 0, rows_ = 0;
  at::Device device_ = at::kCPU;
  RotaryTable table_;
};

}  // namespace athanor::nn

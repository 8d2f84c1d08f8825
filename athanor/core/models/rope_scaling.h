#pragma once
// A way to stretch rotary positions over longer texts: one file of rope_scalings/ each. Internal to the room.

#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/core/models/config_reader.h"

namespace athanor::models {

struct RopeScaling : base::Entry {  // name = rope_type
  /// Reads what it needs of `scaling` (rope_scaling or rope_parameters) and of the whole file into `rope`, whose theta, dims,
  /// factor and original_max_positions are set.
  void (*read)(const ConfigReader& scaling, int64_t max_positions, RopeSpec& rope);
  /// Changes plain frequencies for a sequence of `length` positions.
  void (*scale)(const RopeSpec& rope, int64_t length, RopeFrequencies& out);
  bool by_length = false;    // frequencies depend on `length`
  bool needs_factor = true;  // an absent factor is an error; else it is max_positions / original_max_positions
};

std::span<const RopeScaling> rope_scalings();

RopeScaling linear_rope();
RopeScaling dynamic_rope();
RopeScaling llama3_rope();
RopeScaling yarn_rope();
RopeScaling longrope();

constexpr double kLargestRopeFactor = 1e6;
/// theta^(-2i/d), i = 0 .. d/2-1, in float, exponent and power rounded as the reference does.
std::vector<float> plain_frequencies(double theta, int64_t dims);
/// 0.1 * mscale * ln(factor) + 1: what yarn multiplies cos and sin by, and DeepSeek its scores.
double yarn_mscale(double factor, double mscale);

}  // namespace athanor::models

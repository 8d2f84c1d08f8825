// YaRN (Peng et al. 2023, arXiv:2309.00071): over the index i of a pair, frequencies are kept below low(i), divided by s above
// high(i), a ramp between; index(r) = d ln(N / (2 pi r)) / (2 ln theta) is where a wave turns r times within the trained length N.
// cos and sin are scaled by 0.1 ln s + 1; DeepSeek gives two such scales whose quotient counts.

#include <algorithm>
#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/models/rope_scaling.h"

namespace athanor::models {
namespace {

double index_of(const RopeSpec& rope, double rotations) {
  constexpr double kTwoPi = 6.283185307179586;
  return static_cast<double>(rope.dims) * std::log(static_cast<double>(rope.original_max_positions) / (rotations * kTwoPi)) /
         (2 * std::log(rope.theta));
}

void read_yarn(const ConfigReader& scaling, int64_t, RopeSpec& rope) {
  rope.beta_fast = scaling.number_or("beta_fast", 32, 1e-6, kLargestRopeFactor);
  rope.beta_slow = scaling.number_or("beta_slow", 1, 1e-6, kLargestRopeFactor);
  rope.attention_factor = scaling.number_or("attention_factor", 0, 1e-6, kLargestRopeFactor);
  rope.mscale = scaling.number_or("mscale", 0, 0, kLargestRopeFactor);
  rope.mscale_all_dim = scaling.number_or("mscale_all_dim", 0, 0, kLargestRopeFactor);
  rope.truncate = scaling.boolean_or("truncate", true);
  if (rope.theta <= 1) scaling.refuse("rope_theta", base::cat(rope.theta), "more than 1 with yarn");
}

void scale_yarn(const RopeSpec& rope, int64_t, RopeFrequencies& out) {
  double low = index_of(rope, rope.beta_fast), high = index_of(rope, rope.beta_slow);
  if (rope.truncate) low = std::floor(low), high = std::ceil(high);
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(rope.dims - 1));
  if (low == high) high += 0.001;
  for (size_t i = 0; i < out.inverse.size(); ++i) {
    const double stretched = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0), f = out.inverse[i];
    out.inverse[i] = static_cast<float>(f / rope.factor * stretched + f * (1 - stretched));
  }
  const bool two_scales = rope.mscale != 0 && rope.mscale_all_dim != 0;
  const double computed = two_scales ? yarn_mscale(rope.factor, rope.mscale) / yarn_mscale(rope.factor, rope.mscale_all_dim)
                                     : yarn_mscale(rope.factor, 1);
  out.attention_factor = static_cast<float>(rope.attention_factor != 0 ? rope.attention_factor : computed);
}

}  // namespace

double yarn_mscale(double factor, double mscale) { return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0; }

RopeScaling yarn_rope() {
  return {{"yarn", "a ramp from kept to divided frequencies, and warmer scores", "arXiv:2309.00071", "rope_scalings/yarn.cpp"},
          read_yarn,
          scale_yarn,
          /*by_length=*/false,
          /*needs_factor=*/false};
}

}  // namespace athanor::models

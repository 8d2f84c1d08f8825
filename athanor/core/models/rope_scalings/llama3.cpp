// Llama 3.1's scaling (Meta 2024, arXiv:2407.21783): with N the trained length, waves longer than N / low are divided by s, waves
// shorter than N / high are kept, between them the two are mixed linearly in N / wavelength.

#include "athanor/core/base/cat.h"
#include "athanor/core/models/rope_scaling.h"

namespace athanor::models {
namespace {

void read_llama3(const ConfigReader& scaling, int64_t, RopeSpec& rope) {
  rope.low_freq_factor = scaling.number_or("low_freq_factor", 1, 1e-6, kLargestRopeFactor);
  rope.high_freq_factor = scaling.number_or("high_freq_factor", 4, 1e-6, kLargestRopeFactor);
  if (rope.high_freq_factor <= rope.low_freq_factor)
    scaling.refuse("high_freq_factor", base::cat(rope.high_freq_factor),
                   base::cat("more than low_freq_factor, which is ", rope.low_freq_factor));
}

void scale_llama3(const RopeSpec& rope, int64_t, RopeFrequencies& out) {
  constexpr double kTwoPi = 6.283185307179586;
  const double trained = static_cast<double>(rope.original_max_positions);
  const double longest = trained / rope.low_freq_factor, shortest = trained / rope.high_freq_factor;
  for (float& f : out.inverse) {
    const double wave = kTwoPi / f;
    if (wave < shortest) continue;
    if (wave > longest) {
      f = static_cast<float>(f / rope.factor);
    } else {
      const double keep = (trained / wave - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
      f = static_cast<float>((1 - keep) * f / rope.factor + keep * f);
    }
  }
}

}  // namespace

RopeScaling llama3_rope() {
  return {{"llama3", "long waves are divided by the factor, short ones kept", "arXiv:2407.21783", "rope_scalings/llama3.cpp"},
          read_llama3,
          scale_llama3};
}

}  // namespace athanor::models

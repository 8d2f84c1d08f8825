// LongRoPE (Ding et al. 2024, arXiv:2402.13753) as Phi-3 uses it: every frequency has a factor of its own, found by search,
//   f_i / short_factor[i] for sequences within the trained length N, f_i / long_factor[i] beyond,
// and cos and sin are scaled by sqrt(1 + ln s / ln N), s being how many times longer the model's reach is.

#include <cmath>

#include "athanor/core/models/rope_scaling.h"

namespace athanor::models {
namespace {

std::vector<float> factors(const ConfigReader& scaling, const char* key, const RopeSpec& rope) {
  const std::vector<double> read = scaling.numbers(key, rope.dims / 2, 1e-6, kLargestRopeFactor);
  return {read.begin(), read.end()};
}

void read_longrope(const ConfigReader& scaling, int64_t, RopeSpec& rope) {
  rope.short_factor = factors(scaling, "short_factor", rope);
  rope.long_factor = factors(scaling, "long_factor", rope);
  rope.attention_factor = scaling.number_or("attention_factor", 0, 1e-6, kLargestRopeFactor);
  if (rope.original_max_positions < 2) scaling.refuse("original_max_position_embeddings", "1", "at least 2 with longrope");
}

void scale_longrope(const RopeSpec& rope, int64_t length, RopeFrequencies& out) {
  const std::vector<float>& factor = length > rope.original_max_positions ? rope.long_factor : rope.short_factor;
  for (size_t i = 0; i < out.inverse.size(); ++i) out.inverse[i] /= factor[i];
  const double trained = static_cast<double>(rope.original_max_positions);
  const double computed = rope.factor <= 1 ? 1.0 : std::sqrt(1 + std::log(rope.factor) / std::log(trained));
  out.attention_factor = static_cast<float>(rope.attention_factor != 0 ? rope.attention_factor : computed);
}

}  // namespace

RopeScaling longrope() {
  return {{"longrope", "a factor for each frequency, other ones for long texts", "arXiv:2402.13753", "rope_scalings/longrope.cpp"},
          read_longrope,
          scale_longrope,
          /*by_length=*/true,
          /*needs_factor=*/false};
}

}  // namespace athanor::models

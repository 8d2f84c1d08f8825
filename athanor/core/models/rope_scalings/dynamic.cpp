// Dynamic NTK (bloc97 and emozilla 2023, "NTK-aware scaled RoPE"): beyond the trained length N, theta grows with the length n,
//   theta' = theta * (s n / N - (s - 1))^(d / (d - 2)),
// so that fast waves stay as they are and the slowest one is interpolated.

#include <algorithm>
#include <cmath>

#include "athanor/core/models/rope_scaling.h"

namespace athanor::models {
namespace {

void read_dynamic(const ConfigReader& scaling, int64_t max_positions, RopeSpec& rope) {
  rope.original_max_positions = max_positions;
  if (rope.dims < 4) scaling.refuse("rope_type", "dynamic with a head of 2 numbers", "a head_dim of at least 4");
}

void scale_dynamic(const RopeSpec& rope, int64_t length, RopeFrequencies& out) {
  const double trained = static_cast<double>(rope.original_max_positions), d = static_cast<double>(rope.dims);
  const double n = std::max(static_cast<double>(length), trained) / trained;
  out.inverse = plain_frequencies(rope.theta * std::pow(rope.factor * n - (rope.factor - 1), d / (d - 2)), rope.dims);
}

}  // namespace

RopeScaling dynamic_rope() {
  return {{"dynamic", "theta grows with the length beyond the trained one", "NTK-aware scaling, 2023", "rope_scalings/dynamic.cpp"},
          read_dynamic,
          scale_dynamic,
          /*by_length=*/true};
}

}  // namespace athanor::models

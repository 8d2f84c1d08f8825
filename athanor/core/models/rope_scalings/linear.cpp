// Position interpolation (Chen et al. 2023, arXiv:2306.15595): f_i / s, that is, positions squeezed by s. Checked against
// transformers' ROPE_INIT_FUNCTIONS (tests/golden/core_models/rope), as are the others of this shelf.

#include "athanor/core/models/rope_scaling.h"

namespace athanor::models {
namespace {

void read_linear(const ConfigReader&, int64_t, RopeSpec&) {}

void scale_linear(const RopeSpec& rope, int64_t, RopeFrequencies& out) {
  for (float& f : out.inverse) f = static_cast<float>(f / rope.factor);
}

}  // namespace

RopeScaling linear_rope() {
  return {
      {"linear", "positions are divided by the factor", "arXiv:2306.15595", "rope_scalings/linear.cpp"}, read_linear, scale_linear};
}

}  // namespace athanor::models

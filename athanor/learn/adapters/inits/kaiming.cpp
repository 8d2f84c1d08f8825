// The first values of Hu et al. 2021 as their code has them: A [r, in] uniform in +-1/sqrt(in) (Kaiming with a = sqrt(5), a new
// linear layer's own), B [out, r] zero. The product is zero, so the model answers at first as it did; with both zero nothing would
// ever learn, for the gradient of A is a multiple of B and that of B a multiple of A. Checked against PEFT's reset_lora_parameters
// (bounds and variance).

#include <ATen/ops/zeros.h>

#include <cmath>

#include "athanor/learn/adapters/catalog.h"
#include "athanor/learn/adapters/random_values.h"

namespace athanor::adapters {

FirstValues kaiming_values(const InitTarget& t) {
  const int64_t inputs = t.weight.size(1);
  return {uniform_values({t.rank, inputs}, 1 / std::sqrt(static_cast<double>(inputs)), t.seed, t.name + ".lora_A.weight"),
          at::zeros({t.weight.size(0), t.rank})};
}

}  // namespace athanor::adapters

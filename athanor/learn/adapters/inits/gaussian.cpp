// A [r, in] normal with deviation 1 / r, B [out, r] zero: the paper's own words (Hu et al. 2021, section 4.1), and diffusers'
// choice. Checked against PEFT's init_lora_weights="gaussian" (variance).

#include <ATen/ops/zeros.h>

#include "athanor/learn/adapters/catalog.h"
#include "athanor/learn/adapters/random_values.h"

namespace athanor::adapters {

FirstValues gaussian_values(const InitTarget& t) {
  return {normal_values({t.rank, t.weight.size(1)}, 1 / static_cast<double>(t.rank), t.seed, t.name + ".lora_A.weight"),
          at::zeros({t.weight.size(0), t.rank})};
}

}  // namespace athanor::adapters

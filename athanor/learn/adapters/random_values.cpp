#include "athanor/learn/adapters/random_values.h"

#include <ATen/ops/empty.h>

#include "athanor/core/base/hash.h"
#include "athanor/core/base/philox.h"

namespace athanor::adapters {
namespace {

template <typename Draw>
at::Tensor filled(at::IntArrayRef shape, uint64_t seed, const std::string& name, const Draw& draw) {
  base::Philox random(base::hash64(name, seed), 0, base::Purpose::kInit);
  at::Tensor values = at::empty(shape, at::kFloat);
  float* out = values.data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); ++i) out[i] = static_cast<float>(draw(random));
  return values;
}

}  // namespace

at::Tensor uniform_values(at::IntArrayRef shape, double limit, uint64_t seed, const std::string& name) {
  return filled(shape, seed, name, [limit](base::Philox& random) { return limit * (2 * random.uniform() - 1); });
}

at::Tensor normal_values(at::IntArrayRef shape, double deviation, uint64_t seed, const std::string& name) {
  return filled(shape, seed, name, [deviation](base::Philox& random) { return deviation * random.normal(); });
}

}  // namespace athanor::adapters

#pragma once
// Random orders.

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "athanor/core/base/philox.h"

namespace athanor::data {

/// Fisher-Yates: a uniform permutation of 0 .. n-1.
inline std::vector<int64_t> permutation(int64_t n, base::Philox& random) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = n - 1; i > 0; --i) std::swap(order[i], order[random.below(static_cast<uint64_t>(i) + 1)]);
  return order;
}

}  // namespace athanor::data

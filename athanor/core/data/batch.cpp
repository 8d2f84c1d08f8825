#include "athanor/core/data/batch.h"

#include <algorithm>

namespace athanor::data {

int64_t Batch::target_count() const {
  return std::count_if(targets.begin(), targets.end(), [](int32_t t) { return t != kNoTarget; });
}

Batch make_batch(int64_t batch, int64_t length, int32_t fill) {
  auto size = static_cast<size_t>(batch * length);
  Batch b;
  b.batch = batch, b.length = length;
  b.ids.assign(size, fill);
  b.targets.assign(size, kNoTarget);
  b.positions.assign(size, 0);
  b.row_start.assign(size, 0);
  return b;
}

}  // namespace athanor::data

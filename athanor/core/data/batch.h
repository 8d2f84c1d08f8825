#pragma once
// What training consumes.

#include <cstdint>
#include <vector>

namespace athanor::data {

/// A target that carries no loss.
inline constexpr int32_t kNoTarget = -100;

/// B packed rows of T tokens. Rows may hold several documents; attention of position t sees [row_start[t], t].
struct Batch {
  int64_t batch = 0, length = 0;   // B, T
  std::vector<int32_t> ids;        // [B, T]
  std::vector<int32_t> targets;    // [B, T], -100 where no loss
  std::vector<int32_t> positions;  // [B, T], from 0 at each document's beginning in the row
  std::vector<int32_t> row_start;  // [B, T], first visible position in the row; all 0 when attention may cross documents
  int64_t target_count() const;    // targets that are not -100
};

/// [B, T] of `fill` without targets.
Batch make_batch(int64_t batch, int64_t length, int32_t fill);

}  // namespace athanor::data

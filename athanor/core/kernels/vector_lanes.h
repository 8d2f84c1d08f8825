#pragma once
// Which of sixteen lanes are in use: what vector_avx2.h and vector_avx512.h have in common.

#include <cstdint>

namespace athanor::kernels {
namespace {

using Mask = uint16_t;  // __mmask16 is the same type
inline constexpr Mask kAllLanes = 0xffff;

/// The lanes of a vector that begins `left` elements before the end.
inline Mask lanes(int64_t left) { return left >= 16 ? kAllLanes : static_cast<Mask>((1u << left) - 1); }

/// Calls f(offset, mask) over n elements.
template <typename F>
inline void for_vectors(int64_t n, const F& f) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) f(i, kAllLanes);
  if (i < n) f(i, lanes(n - i));
}

}  // namespace
}  // namespace athanor::kernels

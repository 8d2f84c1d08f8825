#pragma once
// Arithmetic on sizes that come from files: overflow is an answer, not a wrap-around.

#include <cstdint>
#include <optional>
#include <span>

namespace athanor::base {

inline std::optional<uint64_t> checked_add(uint64_t a, uint64_t b) {
  uint64_t r;
  return __builtin_add_overflow(a, b, &r) ? std::nullopt : std::optional(r);
}

inline std::optional<uint64_t> checked_mul(uint64_t a, uint64_t b) {
  uint64_t r;
  return __builtin_mul_overflow(a, b, &r) ? std::nullopt : std::optional(r);
}

/// The number of elements of a shape; nullopt where a dimension is negative or the product leaves int64.
inline std::optional<int64_t> checked_count(std::span<const int64_t> shape) {
  int64_t n = 1;
  for (int64_t d : shape)
    if (d < 0 || __builtin_mul_overflow(n, d, &n)) return std::nullopt;
  return n;
}

/// Whether [offset, offset + size) lies inside a file of file_size bytes. The one place where that is decided.
inline bool checked_span(uint64_t offset, uint64_t size, uint64_t file_size) {
  auto end = checked_add(offset, size);
  return end && *end <= file_size;
}

}  // namespace athanor::base

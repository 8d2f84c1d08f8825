#pragma once
// What rope.cpp asks of an instruction set: one head of one token. Internal to rope*.cpp.

#include <cstdint>

namespace athanor::kernels {

namespace scalar {
/// Turns x's first 2 * pairs numbers into y; `sign` is 1, or -1 for the inverse.
template <typename T>
void rotate_head(const T* x, const float* cos, const float* sin, int64_t pairs, float sign, bool interleaved, T* y);
}  // namespace scalar

namespace avx2 {
template <typename T>
void rotate_head(const T* x, const float* cos, const float* sin, int64_t pairs, float sign, bool interleaved, T* y);
}  // namespace avx2
namespace avx512 {
template <typename T>
void rotate_head(const T* x, const float* cos, const float* sin, int64_t pairs, float sign, bool interleaved, T* y);
}  // namespace avx512

}  // namespace athanor::kernels

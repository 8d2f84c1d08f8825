#pragma once
// The element types that training kernels read and write: float, and bfloat16 as its 16 bits. Arithmetic is always f32.

#include <concepts>
#include <cstdint>

#include "athanor/core/base/half.h"

namespace athanor::kernels {

template <typename T>
concept Element = std::same_as<T, float> || std::same_as<T, uint16_t>;

inline float to_f32(float x) { return x; }
inline float to_f32(uint16_t x) { return base::bf16_to_f32(x); }

template <Element T>
T from_f32(float x);
template <>
inline float from_f32<float>(float x) {
  return x;
}
template <>
inline uint16_t from_f32<uint16_t>(float x) {
  return base::f32_to_bf16(x);
}

}  // namespace athanor::kernels

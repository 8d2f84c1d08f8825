#pragma once
// Rotary positions (Su et al. 2021, "RoFormer") on queries or keys. T is float or uint16_t (bfloat16); angles are f32.

#include <cstdint>

namespace athanor::kernels {

/// tokens x heads x head_dim numbers; a head's numbers are contiguous, strides are in elements.
struct RotaryShape {
  int64_t tokens = 0, heads = 0, head_dim = 0;
  int64_t dims = 0;                                // even, <= head_dim: how many of a head's numbers turn; the rest pass through
  int64_t x_token_stride = 0, y_token_stride = 0;  // 0: heads * head_dim
  int64_t x_head_stride = 0, y_head_stride = 0;    // 0: head_dim
  bool interleaved = false;                        // pairs (0,1)(2,3).. instead of (0,dims/2)(1,dims/2+1)..
  bool inverse = false;                            // turn back: the backward pass
};

/// Pair i of token t turns by the angle whose cosine and sine are cos[positions[t], i], sin[positions[t], i]; tables are
/// [P, dims / 2], positions [tokens], each below P. y may be x (with equal strides).
template <typename T>
void rotate(const RotaryShape& shape, const T* x, const int32_t* positions, const float* cos, const float* sin, T* y);

}  // namespace athanor::kernels

#pragma once
// Activations and their gated forms (Shazeer 2020, "GLU variants improve transformer"), forward and backward. T is float or
// uint16_t (bfloat16); arithmetic is f32. The backward passes need the inputs only and recompute the rest.

#include <cstdint>

#include "athanor/core/base/activation_kind.h"

namespace athanor::kernels {

using base::ActivationKind;

/// y[i] = f(x[i]). y may be x.
template <typename T>
void activation(ActivationKind kind, int64_t n, const T* x, T* y);

/// dx[i] = f'(x[i]) dy[i]. dx may be dy or x.
template <typename T>
void activation_backward(ActivationKind kind, int64_t n, const T* x, const T* dy, T* dx);

/// Rows of a gate and an up projection, strides in elements (both halves of one fused projection: stride 2 * width).
struct GatedShape {
  int64_t rows = 0, width = 0;
  int64_t gate_stride = 0, up_stride = 0;  // 0: width
};

/// y = f(gate) * up; y [rows, width] contiguous; where gate or up are so too, y may be one of them.
template <typename T>
void gated_activation(ActivationKind kind, const GatedShape& shape, const T* gate, const T* up, T* y);

/// dgate = f'(gate) up dy, dup = f(gate) dy, with the strides of gate and up; they may be gate and up themselves.
template <typename T>
void gated_activation_backward(ActivationKind kind, const GatedShape& shape, const T* gate, const T* up, const T* dy, T* dgate,
                               T* dup);

}  // namespace athanor::kernels

#pragma once
// From tensors to the kernels' plain pointers. Internal to fused/.

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <cstdint>
#include <optional>

#include "athanor/core/base/error.h"

namespace athanor::nn::fused {

/// Calls body.operator()<T>() with the kernels' element type: float, or uint16_t for bf16.
template <typename Body>
void by_type(const at::Tensor& x, const Body& body) {
  switch (x.scalar_type()) {
    case at::kFloat:
      return body.template operator()<float>();
    case at::kBFloat16:
      return body.template operator()<uint16_t>();
    default:
      base::bug("nn.fused", {"a kernel was given a type that it does not know"});
  }
}

template <typename T>
const T* input(const at::Tensor& t) {
  return t.defined() ? static_cast<const T*>(t.const_data_ptr()) : nullptr;
}
template <typename T>
T* output(const at::Tensor& t) {
  return t.defined() ? static_cast<T*>(t.mutable_data_ptr()) : nullptr;
}

inline at::Tensor f32(const at::Tensor& t) { return t.defined() ? t.to(at::kFloat).contiguous() : t; }
inline at::Tensor empty_f32(at::IntArrayRef sizes) { return at::empty(sizes, at::kFloat); }
/// A function's argument must not be an undefined tensor, but may be absent.
inline std::optional<at::Tensor> given(const at::Tensor& t) { return t.defined() ? std::optional(t) : std::nullopt; }
/// Uninitialized, dense in row-major order, with x's sizes and type.
inline at::Tensor dense_like(const at::Tensor& x) { return at::empty(x.sizes(), x.options()); }

}  // namespace athanor::nn::fused

#pragma once
// Between libtorch's tensors and checkpoint's arrays.

#include <ATen/core/Tensor.h>

#include "athanor/core/checkpoint/array.h"

namespace athanor::nn {

/// The type's twin; input_error for one that the other side lacks.
at::ScalarType scalar_type_of(base::DType dtype);
base::DType dtype_of(at::ScalarType type);

/// A tensor over the array's memory (not owned, not to be written); the view must outlive it.
at::Tensor tensor_over(const checkpoint::ArrayView& array);
/// The tensor's own memory as an array; it must be contiguous and on the CPU.
checkpoint::ArrayView array_over(const at::Tensor& tensor);

}  // namespace athanor::nn

#pragma once
// Sums over tensors whose value does not depend on the number of threads (kernels/tree_sum.h).

#include <ATen/core/Tensor.h>

#include <vector>

namespace athanor::train {

/// Sum of the squares of all elements of all defined tensors (contiguous, f32 or bf16).
double sum_of_squares(const std::vector<at::Tensor>& tensors);

/// Whether every element is finite.
bool all_finite(const at::Tensor& tensor);

}  // namespace athanor::train

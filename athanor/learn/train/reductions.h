#pragma once
// Sums whose value does not depend on the number of threads: blocks of 4,096 numbers, then pairs of blocks.

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

namespace athanor::train {

/// ((a + b) + (c + d)) + ...: a fixed tree.
double pairwise_sum(std::span<const double> values);

/// Sum of the squares of all elements of all defined tensors (contiguous, f32 or bf16).
double sum_of_squares(const std::vector<at::Tensor>& tensors);

/// Whether every element is finite.
bool all_finite(const at::Tensor& tensor);

}  // namespace athanor::train

#pragma once
// Activation checkpointing (Chen et al. 2016, "Training deep nets with sublinear memory cost", arXiv:1604.06174): a part of a model
// keeps only its input, and is computed a second time when its gradients are wanted. About a third more work; the memory of one
// part's activations instead of all.

#include <ATen/core/Tensor.h>

#include <functional>

namespace athanor::nn {

/// part(x), where gradients are wanted with only x kept for the backward pass. `part` must give the same numbers at both calls
/// (dropout by key), and everything that it holds must outlive the backward pass. Gradients of the parameters that it uses are
/// added to their grad() there.
at::Tensor recomputed(const at::Tensor& x, std::function<at::Tensor(const at::Tensor& x)> part);

}  // namespace athanor::nn

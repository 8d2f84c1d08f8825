#pragma once
// Noise on token embeddings while a model is tuned.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace athanor::nn {

/// embeddings [B, T, C] + e, e uniform in [-alpha / sqrt(T C), alpha / sqrt(T C)): a function of (seed, step, place), whatever the
/// threads.
at::Tensor noisy_embeddings(const at::Tensor& embeddings, double alpha, uint64_t seed, uint64_t step);

}  // namespace athanor::nn

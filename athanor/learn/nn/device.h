#pragma once
// Where tensors live. libtorch's CUDA part is loaded only when a GPU is asked for, so that one binary serves both.

#include <ATen/core/Tensor.h>

#include <string_view>

namespace athanor::nn {

/// "cpu" or "cuda". input_error for another name, or for "cuda" on a machine without a usable NVIDIA GPU (with the reason).
at::Device device_named(std::string_view name);
/// Whether device_named("cuda") would succeed.
bool cuda_usable();
/// Whether bf16 matrix products are made by instructions of their own there: GPUs, and processors with AVX512_BF16. Elsewhere
/// libtorch's are up to a hundred times slower than f32's.
bool fast_bf16(const at::Device& device);

}  // namespace athanor::nn

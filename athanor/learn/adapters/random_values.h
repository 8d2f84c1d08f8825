#pragma once
// First values that are a function of (seed, name) alone. Private to the room.

#include <ATen/core/Tensor.h>

#include <string>

namespace athanor::adapters {

/// f32, uniform in [-limit, limit).
at::Tensor uniform_values(at::IntArrayRef shape, double limit, uint64_t seed, const std::string& name);
/// f32, normal with deviation `deviation`.
at::Tensor normal_values(at::IntArrayRef shape, double deviation, uint64_t seed, const std::string& name);

}  // namespace athanor::adapters

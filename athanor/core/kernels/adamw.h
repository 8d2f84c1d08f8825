#pragma once
// AdamW (Loshchilov and Hutter 2019): one pass over everything an update touches, for all parameters at once.

#include <cstdint>
#include <span>

namespace athanor::kernels {

/// One parameter tensor's memory, `count` numbers each.
struct AdamWSegment {
  int64_t count = 0;
  float* master = nullptr;              // the f32 weights that are trained
  float* m = nullptr;                   // running mean of gradients
  float* v = nullptr;                   // running mean of their squares
  const float* gradient_f32 = nullptr;  // exactly one of the two gradients
  const uint16_t* gradient_bf16 = nullptr;
  uint16_t* working_bf16 = nullptr;  // the bf16 copy that computes, or null
  float weight_decay = 0;
  float lr_factor = 1;  // on the step's learning rate
};

struct AdamWStep {
  float lr = 1e-3f, beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f;
  int64_t step = 1;          // counted from 1: bias correction
  float gradient_scale = 1;  // multiplies gradients as they are read: clipping, averaging
};

/// g = gradient * gradient_scale, m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2,
/// w = w (1 - lr weight_decay) - lr / (1 - beta1^step) * m / (sqrt(v / (1 - beta2^step)) + eps). Every element on its own: results
/// do not depend on the number of threads.
void adamw(std::span<const AdamWSegment> segments, const AdamWStep& step);

/// Sum over all gradients of their squares, in a fixed order (tree_sum.h). Infinite or NaN where a gradient is, or where squares
/// leave f32's range: then the step must not be taken.
double gradient_sum_of_squares(std::span<const AdamWSegment> segments);

}  // namespace athanor::kernels

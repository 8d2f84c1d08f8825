#pragma once
// RMSNorm (Zhang and Sennrich 2019) and LayerNorm (Ba et al. 2016) over rows, forward and backward. T is float or uint16_t
// (bfloat16); statistics, weights and weight gradients are f32. Rows are `width` numbers, `*_stride` elements apart; x and y may be
// the same memory. Results do not depend on the number of threads.

#include <cstdint>

namespace athanor::kernels {

struct NormShape {
  int64_t rows = 0, width = 0;
  int64_t x_stride = 0, y_stride = 0;  // 0: width
};

/// y = x * rstd * weight, rstd = 1 / sqrt(mean(x^2) + eps). weight [width]; rstd [rows] is written for the backward pass, or null.
template <typename T>
void rms_norm(const NormShape& shape, const T* x, const float* weight, float eps, T* y, float* rstd);

/// sum = x + delta (rounded to T), then y = rms_norm(sum): the residual stream's step in one pass. sum may be x. Rows are
/// contiguous.
template <typename T>
void add_rms_norm(int64_t rows, int64_t width, const T* x, const T* delta, const float* weight, float eps, T* sum, T* y,
                  float* rstd);

/// dx = rstd * (w dy - xhat * mean(w dy xhat)) with xhat = x * rstd, plus `skip` (the gradient that reaches x past the norm) where
/// it is not null; dweight [width] = sum over rows of dy xhat, overwritten. Rows are contiguous. dx may be dy or skip.
template <typename T>
void rms_norm_backward(int64_t rows, int64_t width, const T* x, const float* weight, const float* rstd, const T* dy, const T* skip,
                       T* dx, float* dweight);

/// y = (x - mean) * rstd * weight + bias, rstd = 1 / sqrt(var + eps), var = mean((x - mean)^2). bias, mean and rstd may be null
/// (mean and rstd both or neither).
template <typename T>
void layer_norm(const NormShape& shape, const T* x, const float* weight, const float* bias, float eps, T* y, float* mean,
                float* rstd);

/// dx = rstd * (w dy - mean(w dy) - xhat * mean(w dy xhat)) with xhat = (x - mean) * rstd; dbias may be null. Rows are contiguous.
template <typename T>
void layer_norm_backward(int64_t rows, int64_t width, const T* x, const float* weight, const float* mean, const float* rstd,
                         const T* dy, T* dx, float* dweight, float* dbias);

}  // namespace athanor::kernels

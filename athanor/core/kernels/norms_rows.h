#pragma once
// What norms.cpp asks of an instruction set: a run of rows by one thread. Internal to norms*.cpp.

#include <cstdint>

namespace athanor::kernels {

/// Rows begin at these pointers. `delta`, `sum`, `bias`, `mean`, `rstd` may be null; `mean` only matters where `centered`.
template <typename T>
struct NormRows {
  int64_t rows, width, x_stride, y_stride;
  const T* x;
  const T* delta;
  const float* weight;
  const float* bias;
  float eps;
  bool centered;  // LayerNorm
  T* sum;
  T* y;
  float* mean;
  float* rstd;
};

/// dweight and dbias [width] take this run's sums, overwritten; `dbias`, `skip`, `mean` may be null.
template <typename T>
struct NormRowsBackward {
  int64_t rows, width;
  const T* x;
  const float* weight;
  const float* mean;
  const float* rstd;
  const T* dy;
  const T* skip;
  T* dx;
  float* dweight;
  float* dbias;
};

namespace scalar {
template <typename T>
void norm_rows(const NormRows<T>& r);
template <typename T>
void norm_rows_backward(const NormRowsBackward<T>& r);
}  // namespace scalar

namespace avx2 {
template <typename T>
void norm_rows(const NormRows<T>& r);
template <typename T>
void norm_rows_backward(const NormRowsBackward<T>& r);
}  // namespace avx2
namespace avx512 {
template <typename T>
void norm_rows(const NormRows<T>& r);
template <typename T>
void norm_rows_backward(const NormRowsBackward<T>& r);
}  // namespace avx512

}  // namespace athanor::kernels

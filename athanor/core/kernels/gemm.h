#pragma once
// Products of matrices in any orientation, as training needs them: y = x W^T forward, dx = dy W and dW = dy^T x backward. T is
// float, or uint16_t for bfloat16; products and sums are f32 in both cases. (matmul.h has the products of inference: weights as a
// checkpoint stores them, any number of rows.)

#include <cstdint>

namespace athanor::kernels {

/// A matrix that somebody else keeps alive; element (i, j) is data[i * row_stride + j * column_stride], and one stride is 1.
template <typename T>
struct MatrixView {
  const T* data = nullptr;
  int64_t row_stride = 0, column_stride = 1;

  MatrixView transposed() const { return {data, column_stride, row_stride}; }
  MatrixView from(int64_t row, int64_t column) const {
    return {data + row * row_stride + column * column_stride, row_stride, column_stride};
  }
};

/// c [m, n] = a [m, k] b [k, n], plus bias [n] or plus what c holds. c has c_stride floats from row to row and overlaps nothing.
template <typename T>
struct Gemm {
  int64_t m = 0, n = 0, k = 0;
  MatrixView<T> a, b;
  float* c = nullptr;
  int64_t c_stride = 0;
  const float* bias = nullptr;  // may be null
  bool add = false;             // c += a b; then without a bias
};

/// A sum's order depends on k and the instruction set, not on the number of threads.
template <typename T>
void gemm(const Gemm<T>& product);

}  // namespace athanor::kernels

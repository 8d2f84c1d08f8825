#pragma once
// Products with weight matrices as a checkpoint stores them: y[m, n] = sum over k of x[m, k] * W[n, k] + bias[n].
//
// What is computed, at every instruction set and for any number of rows:
//   kF32   products and sums in float32.
//   kF16   weights widened to float32, the rest as kF32.
//   kBF16  x rounded to bfloat16 (nearest even), exact products, sums in float32.
//   kI8    x quantized to int8 in blocks of 32 along k (see quantize_i8.h), integer sums within a block, float32 between blocks.
// So a row gives the same numbers alone or among others, up to the order of float32 sums.

#include <cstdint>
#include <span>

#include "athanor/core/kernels/aligned.h"

namespace athanor::kernels {

enum class WeightType { kF32, kF16, kBF16, kI8 };

/// W [rows, columns] that somebody else keeps alive. Row-major and aligned to its element; kI8 in the panels of quantize_i8.h.
struct WeightMatrix {
  WeightType type = WeightType::kF32;
  const void* data = nullptr;
  int64_t rows = 0, columns = 0;

  /// What one pass over the matrix reads.
  uint64_t bytes() const;
};

/// One product of a shared x: y [m, weight.rows] with `stride` floats from row to row; bias [weight.rows] may be null.
struct Product {
  WeightMatrix weight;
  const float* bias = nullptr;
  float* y = nullptr;
  int64_t stride = 0;
};

/// Work memory of matmul, kept by the caller so that a decode step allocates nothing.
class MatmulWork {
 public:
  /// Most bytes that products over x [rows, columns] take here.
  static uint64_t bytes(int64_t rows, int64_t columns);

 private:
  friend struct PreparedInput;
  AlignedBuffer f32_, bf16_, rounded_, i8_, scales_;
};

/// All products of the same x [rows, columns] (`stride` floats from row to row), in one parallel region. Every weight has x's
/// columns.
void matmul(const float* x, int64_t rows, int64_t stride, std::span<const Product> products, MatmulWork& work);

}  // namespace athanor::kernels

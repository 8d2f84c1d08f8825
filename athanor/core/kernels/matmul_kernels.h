#pragma once
// What matmul.cpp needs of one instruction set. Private to the room.

#include <cstdint>

#include "athanor/core/kernels/matmul.h"

namespace athanor::kernels {

constexpr int64_t kPanelRows = 32;   // weight rows (columns of y) of one task
constexpr int64_t kMostDotRows = 8;  // more rows of x than this go through packed panels

/// x as a kernel wants it. Rows are padded with zeros to a multiple of 32 elements.
struct PreparedInput {
  int64_t rows = 0, columns = 0, padded = 0;
  const float* f32 = nullptr;
  int64_t f32_stride = 0;
  const uint16_t* bf16 = nullptr;  // stride `padded`
  const float* rounded = nullptr;  // bf16 as float32, stride `padded`: for many rows, where bfloat16 is multiplied so
  const int8_t* i8 = nullptr;      // stride `padded`
  const float* scales = nullptr;   // [rows, padded / 32]
  const int32_t* offsets = nullptr;

  /// Makes the forms that the products need.
  void prepare(const float* x, int64_t stride, std::span<const Product> products, MatmulWork& work);
};

/// y[:, n0 .. n0 + columns) of one product, columns <= kPanelRows and n0 a multiple of it.
using MatmulTask = void (*)(const PreparedInput& x, const Product& product, int64_t n0, int64_t columns);

struct MatmulKernels {
  MatmulTask f32, f16, bf16, i8;
  void (*to_bf16)(const float* x, int64_t n, uint16_t* out);
  void (*widen)(const uint16_t* x, int64_t n, float* out);  // null where packed bfloat16 is multiplied as it is
};

const MatmulKernels& matmul_scalar();
const MatmulKernels& matmul_avx2();
const MatmulKernels& matmul_avx512();
const MatmulKernels& matmul_vnni();

}  // namespace athanor::kernels

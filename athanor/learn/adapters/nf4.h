#pragma once
// Matrices in NF4 (core/checkpoint/nf4.h) as tensors, numbered row by row.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace athanor::adapters {

/// 0.516 bytes per number with double quantization (0.5 + 1/64 + 4/16384), 0.5625 without.
struct Nf4Matrix {
  int64_t rows = 0, columns = 0;
  at::Tensor packed;        // [(rows * columns + 1) / 2] uint8
  at::Tensor scales;        // [blocks] f32; undefined where doubly quantized
  at::Tensor scale_codes;   // [blocks] uint8
  at::Tensor scale_maxima;  // [blocks / 256, rounded up] f32
  double scale_mean = 0;

  int64_t bytes() const;
};

/// Of a CPU matrix of any floating type.
Nf4Matrix quantize_nf4(const at::Tensor& matrix, bool double_quant);
/// Rows [first, first + count) as f32 or bf16, [count, columns].
at::Tensor dequantize_rows(const Nf4Matrix& matrix, int64_t first, int64_t count, at::ScalarType type);
/// The same into memory that is there: `out` [count, columns], dense, f32 or bf16.
void dequantize_rows_into(const Nf4Matrix& matrix, int64_t first, const at::Tensor& out);

}  // namespace athanor::adapters

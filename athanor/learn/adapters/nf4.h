#pragma once
// NF4 (Dettmers et al. 2023, "QLoRA"): four bits per number, the sixteen values being quantiles of the normal distribution. Numbers
// lie in blocks of 64 (row-major), each with the largest magnitude as its scale; with `double_quant` the scales themselves are
// eight bits per block: less their mean, in blocks of 256, on a scale of 256 values that grows by powers of ten ("dynamic" in
// bitsandbytes). The code book, the block sizes and the order of halves in a byte (the first number above) are bitsandbytes';
// checked against its CPU functions quantize_4bit and dequantize_4bit.

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

}  // namespace athanor::adapters

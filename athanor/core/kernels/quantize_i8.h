#pragma once
// 8-bit weights: blocks of 32 numbers along a row share one scale, q = round(w / scale), scale = largest |w| / 127 (the rule of
// GGUF's Q8_0), kept as float16: 8.5 bits per weight.
//
// Memory is in panels of 32 rows, so that a vector lane is a row and nothing is ever summed across lanes. A panel is
// ceil(columns / 32) blocks, each 1088 bytes:
//   uint8 [8][32][4]   q + 128 of: group of four columns, row, column   (vpdpbusd wants one operand unsigned)
//   float16 [32]       the scale of each row
// Rows and columns beyond the matrix are 128 (that is 0) with scale 0.

#include <cstddef>
#include <cstdint>

#include "athanor/core/kernels/matmul.h"

namespace athanor::kernels {

constexpr int64_t kI8Block = 32;      // columns of a block
constexpr int64_t kI8PanelRows = 32;  // rows of a panel
constexpr int64_t kI8BlockBytes = 1088;

/// Bytes of the panels of W [rows, columns].
uint64_t i8_bytes(int64_t rows, int64_t columns);

/// Quantizes `source` (kF32, kF16 or kBF16) into `panels`, i8_bytes long, in parallel. Not-a-number and infinity are an
/// input_error.
WeightMatrix quantize_i8(const WeightMatrix& source, std::byte* panels);

/// Row n of a kI8 matrix as float32: out [columns].
void dequantize_i8_row(const WeightMatrix& panels, int64_t n, float* out);

/// Row n of a matrix of any type as float32 (a token's embedding): out [columns].
void weight_row(const WeightMatrix& weight, int64_t n, float* out);

/// Activations by the same rule, float32 scales: x [columns] -> q [blocks * 32] (zeros beyond columns), scales [blocks], and
/// `offsets` [blocks] = -128 * sum of q, what the +128 of the weights adds too much.
void quantize_i8_input(const float* x, int64_t columns, int8_t* q, float* scales, int32_t* offsets);

}  // namespace athanor::kernels

#pragma once
// matmul over the 8-bit panels of quantize_i8.h, written once over vector_avx2.h or vector_avx512.h: one shape serves
// decode and prefill, since a lane is a weight row. `Quads` multiplies four unsigned by four signed bytes per lane.

#include <algorithm>
#include <array>
#include <utility>

#include "athanor/core/kernels/matmul_kernels.h"
#include "athanor/core/kernels/quantize_i8.h"
#include "athanor/core/kernels/tile.h"

namespace athanor::kernels {
namespace {

/// `Rows` rows of x from m0 on against `Vecs` vectors of a panel's rows, from the lane `lane` on.
template <class Quads, int Rows, int Vecs>
void tile_i8(const PreparedInput& x, int64_t m0, const uint8_t* panel, int64_t lane, const float* bias, float* y,
             int64_t y_stride) {
  const int64_t blocks = x.padded / kI8Block;
  Vec sums[Rows][Vecs];
  for (auto& row : sums)
    for (int v = 0; v < Vecs; ++v) row[v] = load(bias + v * 16);
  for (int64_t b = 0; b < blocks; ++b) {
    const uint8_t* block = panel + b * kI8BlockBytes;
    const int8_t* quants = x.i8 + m0 * x.padded + b * kI8Block;
    typename Quads::Sum inside[Rows][Vecs];
    typename Quads::Inputs inputs[Rows];
    for (int m = 0; m < Rows; ++m) {
      inputs[m] = Quads::inputs(quants + m * x.padded);
      for (int v = 0; v < Vecs; ++v) inside[m][v] = Quads::all(x.offsets[(m0 + m) * blocks + b]);
    }
#pragma GCC unroll 1  // unrolled, GCC 12 holds products of all steps at once, and spills them
    for (int64_t quad = 0; quad < kI8Block / 4; ++quad) {
      typename Quads::Weights w[Vecs];
      for (int v = 0; v < Vecs; ++v) w[v] = Quads::load(block + (quad * kI8PanelRows + lane + v * 16) * 4);
#pragma GCC unroll 8
      for (int m = 0; m < Rows; ++m) {
        const typename Quads::Input four = Quads::broadcast(inputs[m], quad);
        for (int v = 0; v < Vecs; ++v) inside[m][v] = Quads::multiply_add(inside[m][v], w[v], four);
      }
    }
    const auto* scales = reinterpret_cast<const uint16_t*>(block + 1024) + lane;
    for (int v = 0; v < Vecs; ++v) {
      const Vec scale = load_f16(scales + v * 16);
      for (int m = 0; m < Rows; ++m)
        sums[m][v] = fma(Quads::to_f32(inside[m][v]), scale * all(x.scales[(m0 + m) * blocks + b]), sums[m][v]);
    }
  }
  for (int m = 0; m < Rows; ++m)
    for (int v = 0; v < Vecs; ++v) store(y + m * y_stride + v * 16, sums[m][v]);
}

/// A single row has registers for the whole panel: one pass over memory.
constexpr int i8_vecs(int64_t rows) { return rows == 1 ? 2 : kTileVecs; }

template <class Quads, int... Rows>
constexpr auto tiles_i8(std::integer_sequence<int, Rows...>) {
  return std::array{tile_i8<Quads, Rows + 1, i8_vecs(Rows + 1)>...};
}

/// A MatmulTask.
template <class Quads>
void i8_task(const PreparedInput& x, const Product& product, int64_t n0, int64_t columns) {
  static constexpr auto tiles = tiles_i8<Quads>(std::make_integer_sequence<int, Quads::kTileRows>());
  const int64_t blocks = x.padded / kI8Block;
  const auto* panel = static_cast<const uint8_t*>(product.weight.data) + n0 / kI8PanelRows * blocks * kI8BlockBytes;
  float bias[kI8PanelRows] = {}, part[Quads::kTileRows * kI8PanelRows];
  if (product.bias) std::copy_n(product.bias + n0, columns, bias);
  for (int64_t m = 0; m < x.rows;) {
    const int64_t rows = std::min<int64_t>(x.rows - m, Quads::kTileRows);
    const bool whole = columns == kI8PanelRows;
    float* y = product.y + m * product.stride + n0;
    for (int64_t lane = 0; lane < kI8PanelRows; lane += i8_vecs(rows) * 16)
      tiles[static_cast<size_t>(rows - 1)](x, m, panel, lane, bias + lane, (whole ? y : part) + lane,
                                           whole ? product.stride : kI8PanelRows);
    if (!whole)
      for (int64_t r = 0; r < rows; ++r) std::copy_n(part + r * kI8PanelRows, columns, y + r * product.stride);
    m += rows;
  }
}

}  // namespace
}  // namespace athanor::kernels

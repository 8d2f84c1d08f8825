#pragma once
// The product at the heart of matmul and attention, for any instruction set:
//   y[m, c] = start[m, c] + sum over units u of x[m, u] * panel[u, c]
// A unit is 32 bits of a row (one float32 or two bfloat16). The panel holds a unit of many columns side by side, so a lane is a
// column: x is broadcast, the panel is loaded, and all sums of `Rows` x `Vecs` vectors stay in registers.

#include <array>
#include <cstdint>
#include <utility>

#include "athanor/core/kernels/units.h"

namespace athanor::kernels {
namespace {

// AVX2: 6 x 1 sums of two registers each, 2 of weights, 1 broadcast: 15 of 16. AVX-512: 8 rows of x are addressed from two
// registers; 12 need more of them and ran 8 % slower.
constexpr int kTileRows = kFewRegisters ? 6 : 8;
constexpr int kTileVecs = kFewRegisters ? 1 : 2;

/// One tile's operands; strides in units or floats.
struct TileArgs {
  const uint32_t* x;
  int64_t x_stride;
  const uint32_t* panel;
  int64_t panel_stride;
  int64_t units;
  const float* start;    // null: zero
  int64_t start_stride;  // 0: the same row (a bias) for every m
  float* y;
  int64_t y_stride;
};

template <class Unit, int Rows, int Vecs>
void tile(const TileArgs& a) {
  Vec sums[Rows][Vecs];
  for (int m = 0; m < Rows; ++m)
    for (int v = 0; v < Vecs; ++v) sums[m][v] = a.start ? load(a.start + m * a.start_stride + v * 16) : all(0);
  const uint32_t* panel = a.panel;
  for (int64_t u = 0; u < a.units; ++u, panel += a.panel_stride) {
    typename Unit::Raw w[Vecs];
    for (int v = 0; v < Vecs; ++v) w[v] = Unit::load_raw(panel + v * 16);
#pragma GCC unroll 16
    for (int m = 0; m < Rows; ++m) {
      const typename Unit::Raw x = Unit::broadcast(a.x + m * a.x_stride + u);
      for (int v = 0; v < Vecs; ++v) sums[m][v] = Unit::multiply_add(sums[m][v], x, w[v]);
    }
  }
  for (int m = 0; m < Rows; ++m)
    for (int v = 0; v < Vecs; ++v) store(a.y + m * a.y_stride + v * 16, sums[m][v]);
}

template <class Unit, int Vecs>
struct Tiles {
  template <int... Rows>
  static constexpr std::array<void (*)(const TileArgs&), sizeof...(Rows)> table(std::integer_sequence<int, Rows...>) {
    return {tile<Unit, Rows + 1, Vecs>...};
  }
  static constexpr auto by_rows = table(std::make_integer_sequence<int, kTileRows>());
};

/// tile() for any number of rows.
template <class Unit, int Vecs>
void tile_rows(TileArgs a, int64_t rows) {
  // Equal parts: 13 rows are 7 + 6, not 12 + 1, since a tile of few rows waits for loads.
  const int64_t parts = (rows + kTileRows - 1) / kTileRows;
  for (int64_t part = 0, m = 0; part < parts; ++part) {
    const int64_t here = (rows - m + parts - part - 1) / (parts - part);
    Tiles<Unit, Vecs>::by_rows[static_cast<size_t>(here - 1)](a);
    m += here;
    a.x += here * a.x_stride;
    a.y += here * a.y_stride;
    if (a.start) a.start += here * a.start_stride;
  }
}

/// tile_rows() for `columns`, a multiple of 16.
template <class Unit>
void tile_any(TileArgs a, int64_t rows, int64_t columns) {
  for (int64_t c = 0; c < columns;) {
    const bool whole = columns - c >= kTileVecs * 16;
    const int64_t width = whole ? kTileVecs * 16 : 16;
    whole ? tile_rows<Unit, kTileVecs>(a, rows) : tile_rows<Unit, 1>(a, rows);
    c += width;
    a.panel += width;
    a.y += width;
    if (a.start) a.start += width;
  }
}

}  // namespace
}  // namespace athanor::kernels
